"""Names that made-up people get: common ones in the United Kingdom, combined at random.

No list here comes from a register of persons. A given name, a surname, a day of birth and a group of ethnicity are
drawn independently of one another, so a combination says nothing about anybody; some will be those of a real person
by chance, as any made-up name can be.
"""

from __future__ import annotations

_BOYS = """
Oliver George Harry Jack Jacob Charlie Thomas Oscar William James Leo Alfie Henry Joshua Freddie Archie Ethan Isaac
Alexander Joseph Edward Samuel Max Daniel Arthur Lucas Mohammed Logan Theo Harrison Benjamin Mason Sebastian Finley
Adam Dylan Zachary Riley Teddy Theodore David Toby Jake Louie Elijah Reuben Arlo Hugo Luca Jaxon Matthew Harvey Reggie
Michael Harley Jude Albert Tommy Luke Stanley Jenson Frankie Jayden Gabriel Elliot Mohamed Ronnie Charles Louis
Elliott Frederick Nathan Lewis Blake Rory Ollie Ryan Tyler Jackson Dexter Alex Austin Kai Albie Caleb Carter Bobby
Ezra Ellis Leon Roman Ibrahim Aaron Liam Jesse Jasper Ali Felix Jamie Connor Callum Cameron Bradley Kieran Owen Sean
Robert John Christopher Andrew Jonathan Anthony Peter Paul Mark Stephen Simon Richard Kyle Declan Jordan Brandon Josh
Corey Rhys Reece Ashton Taylor Shaun Scott Craig Lee Dean Danny Patrick Dominic Marcus Toby Ross Stuart Gareth Gavin
Evan Ewan Fraser Hamish Angus Iain Euan Aiden Niall Conor Ciaran Omar Yusuf Hamza Ahmed Bilal Zain Ayaan Imran Hassan
Hussain Arjun Rohan Aarav Vikram Amir Tariq Kofi Kwame Tunde Emeka Dawid Jakub Filip Kacper Mateusz Stefan Andrei
Marek Piotr
"""
_GIRLS = """
Olivia Amelia Isla Emily Ava Lily Mia Sophia Isabella Grace Poppy Ella Evie Charlotte Jessica Daisy Sophie Freya Alice
Florence Isabelle Willow Sienna Ivy Ruby Sofia Evelyn Elsie Phoebe Matilda Rosie Chloe Millie Harper Esme Lucy
Scarlett Eva Maisie Emilia Layla Imogen Elizabeth Eliza Erin Emma Ellie Lola Maya Luna Violet Molly Thea Georgia
Penelope Zara Bella Maria Holly Hannah Rose Ada Lottie Nancy Darcie Eleanor Arabella Gracie Orla Lilly Mila Annabelle
Clara Heidi Aria Leah Abigail Robyn Darcey Summer Amber Amelie Zoe Anna Beatrice Martha Hallie Lara Julia Maryam
Hollie Iris Amy Katie Skye Nicole Bethany Megan Lauren Rebecca Rachel Sarah Laura Gemma Kelly Stacey Kerry Donna
Tracey Lisa Michelle Samantha Natalie Danielle Hayley Victoria Jennifer Claire Nicola Louise Joanne Helen Karen Susan
Alison Jade Paige Courtney Shannon Demi Keira Lacey Tia Libby Caitlin Niamh Aoife Eilidh Iona Ailsa Cerys Ffion Seren
Carys Rhiannon Catherine Margaret Patricia Barbara Christine Angela Fatima Aisha Khadija Zainab Amina Noor Hafsa Priya
Anjali Meera Ananya Sana Iqra Safiya Ama Abena Chioma Zuzanna Julia Oliwia Wiktoria Natalia Elena Ioana Magdalena
Agnieszka Katarzyna
"""
_SURNAMES = """
Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall
Wood Jackson Clarke Patel Khan Lewis James Phillips Mason Mitchell Rose Davis Edwards Turner Hughes Cooper Ward Hill
Moore Clark Lee King Baker Harrison Morgan Allen Young Parker Bell Watson Carter Scott Bennett Cook Martin Shaw
Richardson Bailey Collins Cox Kelly Marshall Miller Simpson Gray Adams Webb Foster Price Campbell Chapman Murphy Begum
Hussain Ahmed Ali Stevens Rogers Hunt Ellis Palmer Holmes Mills Graham Russell Lloyd Butler Fisher Barker Knight
Stewart Reynolds Murray Dixon Hudson Robertson Pearson Gibson Harvey Powell Gordon Harris Matthews Fox Andrews Ford
Wells Saunders Day Burton Pearce Hart Lawrence Cole Fletcher Brooks Lane Walsh Reid Ross Armstrong Spencer Payne Black
Henderson Rowe Perry Hamilton Gardner Dawson Howard Newton Nicholson Gibbs Bird Cunningham Porter Barnes Hayes Bradley
Sutton Carr Rees Stone Todd Barrett Nelson Lowe Francis Kaur Singh Byrne Osborne Crawford Jordan Watts West Lynch
Berry Morris Thomas Hopkins Dunn Coleman Burns Woods Jenkins Ryan Carpenter Warren Hammond Doyle Harper Hewitt Burke
Booth Hobbs Elliott Fleming Grant Ferguson Cameron MacDonald McDonald Sinclair Fraser Duncan Kerr Boyd Rahman Miah
Islam Shah Malik Akhtar Mahmood Iqbal Hassan Mohammed Chowdhury Uddin Sharma Gupta Kumar Desai Mistry Chan Wong Chen
Li Wang Nguyen Kowalski Nowak Wisniewski Lewandowski Popescu Ionescu Novak Adeyemi Okafor Mensah Boateng Osei Owusu
Diallo Abdi Yusuf O'Brien O'Connor O'Neill O'Sullivan O'Reilly McCarthy McLean McKenzie McGregor McLaughlin Gallagher
Kennedy Quinn Brennan Bowen Griffiths Owen Parry Pritchard Rowlands Vaughan Hodgson Wilkinson Atkinson Bainbridge
Coates Dobson Elstob Garbutt Hutchinson Jefferson Kirby Lister Metcalfe Nixon Ord Pattison Raine Sanderson Tindale
Usher Verrill Waites Yeoman Appleton Bateman Chadwick Dyer Eastwood Fielding Goddard Haigh Ingham Jarvis Kemp Lomas
Marsden Naylor Oldham Peacock Quigley Rigby Savage Tattersall Unwin Vickers Whitehead Yates Ashworth Bolton Cartwright
Drake Emmerson Frost Gilbert Horton Ibbotson Joyce Kendall Lambert Middleton Norton Ogden Parkin Rawlings Slater
Thornton Underwood Varley Winter Young Blackburn Conway Davison Errington Forster Gray Hepburn Irving Johnstone
Laidlaw Maddison Nesbitt Oliver Proctor Rutherford Storey
"""
_SHORT = """
Thomas:Tom William:Will James:Jim Joseph:Joe Samuel:Sam Daniel:Dan Benjamin:Ben Alexander:Alex Joshua:Josh
Matthew:Matt Michael:Mike Nathan:Nate Christopher:Chris Andrew:Andy Jonathan:Jon Anthony:Tony Robert:Rob Richard:Rick
Stephen:Steve Edward:Ed Frederick:Fred Charles:Charlie Harrison:Harry Theodore:Theo Zachary:Zak Dominic:Dom
Patrick:Paddy David:Dave Peter:Pete Mohammed:Mo Mohamed:Mo Cameron:Cam Bradley:Brad Elizabeth:Beth Isabella:Bella
Isabelle:Izzy Charlotte:Lottie Sophie:Soph Jessica:Jess Emily:Em Abigail:Abi Amelia:Millie Olivia:Liv Eleanor:Ellie
Katie:Kate Catherine:Cath Bethany:Beth Megan:Meg Rebecca:Becky Samantha:Sam Natalie:Nat Danielle:Dani Victoria:Vicky
Jennifer:Jen Nicola:Nicky Christine:Chris Margaret:Maggie Patricia:Pat Susan:Sue Angela:Angie Matilda:Tilly
Florence:Flo Georgia:George Penelope:Penny Annabelle:Anna Zainab:Zee Khadija:Dija Wiktoria:Wika Magdalena:Magda
Jakub:Kuba Mateusz:Mati
"""


def _words(block: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(block.split()))


BOYS, GIRLS, SURNAMES = _words(_BOYS), _words(_GIRLS), _words(_SURNAMES)
NICKNAMES = dict(pair.split(":") for pair in _SHORT.split())
