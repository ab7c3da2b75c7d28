"""Made-up exports of three databases that share works, as those databases write them."""

# works that more than one database has: Street mentoring (3), Hospital navigators (2), Patrols in hot spots (2)
SCOPUS = """\
\ufeff"Authors","Title","Year","Source title","Page start","Page end","DOI","Abstract","Document Type"
"Marlow T.; Okafor B.","Street mentoring and knife injuries: a cluster trial","2019","Journal of Made-up Studies","101","119","10.5555/made.1","We asked whether
mentoring helps.","Article"
"Hill J.","Hospital navigators after assault","2021","Emergency Made-up","5","12","10.5555/made.2","Navigators met people.","Article"
"Stone A.; Reed C.","Patrols in hot spots, part I","2015","Policing Made-up","1","20","10.5555/made.3","Patrols.","Article"
"Stone A.; Reed C.","Patrols in hot spots, part II","2015","Policing Made-up","21","40","10.5555/made.4","More patrols.","Article"
"Marlow T.","Erratum: Street mentoring and knife injuries: a cluster trial","2020","Journal of Made-up Studies","1","1","10.5555/made.9","","Erratum"
"Lake P.","School programmes against violence","2012","Made-up Education","33","60","","Schools.","Article"
"Ford K.","=Family therapy for young people","2017","Made-up Therapy","7","19","10.5555/made.5","Families.","Article"
"""  # noqa: E501

WEB_OF_SCIENCE = """\
TY  - JOUR
AU  - Marlow, Tamsin
AU  - Okafor, Ben
TI  - Street mentoring and knife injuries \u2013 a cluster trial
T2  - J. Made-up Stud.
PY  - 2019
SP  - 101
EP  - 19
N2  - We asked whether mentoring helps.
ER  -

TY  - JOUR
AU  - Hill, Jo
TI  - Hospital navigaters after assault
PY  - 2020
ER  -

TY  - JOUR
AU  - Lake, Pat
TI  - School programmes against violence
PY  - 2017
ER  -

TY  - JOUR
AU  - Nobody, A.
PY  - 2001
ER  -

TY  - RPRT
AU  - Wood, R.
TI  - Youth work in two towns
PY  - 2016
ER  -
"""

ZOTERO = r"""
@string{jms = "Journal of Made-up Studies"}
@article{marlow,
  author = {Marlow, Tamsin and Okafor, Ben},
  title  = {{S}treet mentoring and knife injuries},
  journal = jms, year = 2019, doi = {https://doi.org/10.5555/MADE.1}
}
@article{stone,
  author = {Stone, Ada and Reed, C.},
  title  = {Patrols in hot spots, part {I}},
  year   = 2015, pages = {1--20}
}
@techreport{brook,
  author = {Brook, Zo{\"e}},
  title  = {Summer jobs for young people},
  institution = {A Council}, year = 2018
}
@article{open, title = {Never closed, year = 2011

@misc{sea, author = {Sea, L.}, title = {Sport at night}, year = 2014}
"""


def write(folder):
    """Write the three files and return them with their databases."""
    held = {"scopus.csv": SCOPUS, "wos.ris": WEB_OF_SCIENCE.replace("\n", "\r\n"), "zotero.bib": ZOTERO}
    for name, text in held.items():
        (folder / name).write_bytes(text.encode())
    return {"Scopus": folder / "scopus.csv", "Web of Science": folder / "wos.ris", "Zotero": folder / "zotero.bib"}
