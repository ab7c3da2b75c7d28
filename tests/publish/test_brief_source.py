import pytest

from curv_eval.publish.source import fill, inside, read_source, unescaped


@pytest.fixture
def write(tmp_path):
    def put(body, variables="a: one\n", **files):
        (tmp_path / "study.qmd").write_text(f"---\ntitle: T\n---\n{body}", "utf-8")
        (tmp_path / "_variables.yml").write_text(variables, "utf-8")
        for name, text in files.items():
            (tmp_path / f"{name}.md").write_text(text, "utf-8")
        return read_source(tmp_path)

    return put


def test_every_line_remembers_where_it_was_written(write):
    source = write("first\n\n{{< include x.md >}}\n\nlast\n", x="in x\n\n{{< include y.md >}}\n", y="in y\n")
    where = [(line.text, line.file, line.number) for line in source.lines if line.text]
    assert where == [("first", "study.qmd", 4), ("in x", "x.md", 1), ("in y", "y.md", 1), ("last", "study.qmd", 8)]
    assert source.findings == ()


def test_the_body_is_what_pandoc_will_read(write):
    assert write("{{< var a >}} and {{< var a >}}\n").body == "one and one\n"


def test_an_included_file_that_is_empty_adds_nothing(write):
    assert write("{{< include x.md >}}\n", x="\n").body.strip() == ""


def test_paths_inside_an_included_file_start_at_the_brief(write, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "in.md").write_text("{{< include x.md >}}\n")
    assert "found" in write("{{< include deep/in.md >}}\n", x="found\n").body


def test_a_circle_is_found_and_ends(write):
    source = write("{{< include x.md >}}\n", x="{{< include y.md >}}\n", y="{{< include x.md >}}\n")
    assert [str(finding) for finding in source.findings] == [
        "y.md line 1: x.md includes itself (study.qmd > x.md > y.md > x.md)"
    ]


@pytest.mark.parametrize("path", ["../secret.md", "/etc/passwd", "nothing.md", "."])
def test_nothing_outside_the_brief_can_be_included(write, tmp_path, path):
    (tmp_path.parent / "secret.md").write_text("secret")
    source = write(f"{{{{< include {path} >}}}}\n")
    assert "secret" not in source.body
    assert [finding.line for finding in source.findings] == [4]


def test_a_link_that_leads_out_is_not_inside(tmp_path):
    (tmp_path / "brief").mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "brief" / "link.md").symlink_to(tmp_path / "secret.md")
    assert inside(tmp_path / "brief", "link.md") is None


@pytest.mark.parametrize(
    "value",
    ["**bold**", "[a](b)", "x|y", "$3$", "`c`", "<b>", "{{< var a >}}", "_em_", "@fig-x", "two\\nlines", "a\\\\"],
)
def test_a_variable_that_is_markup_is_refused(write, value):
    source = write("{{< var a >}}\n", variables=f'a: "{value}"\n')
    assert ["not one line of plain text" in finding.message for finding in source.findings] == [True]


@pytest.mark.parametrize("value", ["2.5", "true", "[1, 2]", "2026-11-22", ""])
def test_a_variable_that_yaml_does_not_read_as_text_is_refused(write, value):
    # Quarto would print 2.50 as 2.5 and true as true; a released text is quoted, so that it stays as it was released.
    assert write("{{< var a >}}\n", variables=f"a: {value}\n").findings


@pytest.mark.parametrize("value", ["a fall of 12%", "5 < 6", "team\\\\@example.org", "id_of_study", 'say \\"so\\"'])
def test_plain_and_escaped_text_is_a_fine_variable(write, value):
    assert write("{{< var a >}}\n", variables=f'a: "{value}"\n').findings == ()


def test_an_unused_variable_does_no_harm(write):
    assert write("text\n", variables='a: "**x**"\n').findings == ()


def test_variables_that_are_missing_or_no_mapping_are_one_finding(write, tmp_path):
    assert [finding.file for finding in write("text\n", variables="- a\n").findings] == ["_variables.yml"]
    (tmp_path / "_variables.yml").unlink()
    assert [finding.file for finding in read_source(tmp_path).findings] == ["_variables.yml"]


def test_a_file_that_is_not_utf8_is_a_finding(tmp_path):
    (tmp_path / "study.qmd").write_bytes(b"---\ntitle: T\n---\n\xff\n")
    (tmp_path / "_variables.yml").write_text("a: b\n")
    assert any("UTF-8" in finding.message for finding in read_source(tmp_path).findings)


def test_no_brief_at_all_is_a_finding(tmp_path):
    assert any("no such file" in finding.message for finding in read_source(tmp_path).findings)


def test_fill_leaves_what_it_does_not_know():
    assert fill("{{< var a >}} {{< var b >}} {{< meta a >}}", {"a": "1"}) == "1 {{< var b >}} {{< meta a >}}"


def test_unescaped_takes_only_the_backslashes_of_marks():
    assert unescaped(r"a\_b \[c\] d\e") == r"a_b [c] d\e"
