"""What looks like a secret in a study file, what does not, and that none is repeated."""

import pytest

from curv_eval.study.secret import REMEDY, secrets_in

SECRETS = {
    "password in an address": {"location": "https://me:s3cr3t-word@trust.example/a.csv"},
    "database": {"location": "postgresql://reader:s3cr3t-word@db.example:5432/ae"},
    "signed address": {"location": "https://store.example/a.csv?sv=2024&sig=s3cr3t-word"},
    "token in an address": {"obtain": "https://api.example/v1?token=s3cr3t-word"},
    "token of GitHub": {"title": "ghp_s3cr3ts3cr3ts3cr3ts3cr3t"},
    "finer token of GitHub": {"title": "github_pat_s3cr3ts3cr3ts3cr3ts3cr3t"},
    "key of a cloud": {"obtain": "AKIAS3CR3TS3CR3TWORD"},
    "token of a chat": {"obtain": "xoxb-s3cr3t-word-s3cr3t"},
    "token of a service": {"obtain": "sk-s3cr3ts3cr3ts3cr3ts3cr3t"},
    "web token": {"obtain": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.s3cr3t"},
    "private key": {"obtain": "-----BEGIN RSA PRIVATE KEY-----\ns3cr3t"},
    "connection string": {"location": "Server=db;User=me;Password=s3cr3t-word;"},
    "storage key": {"location": "AccountName=x;AccountKey=s3cr3t=="},
    "key called so": {"password": "s3cr3t-word"},
    "key that ends so": {"vcse_password": "s3cr3t-word"},
    "a number": {"api_key": 12345678},
    "an upper case key": {"SECRET": "s3cr3t-word"},
}
PLAIN = {
    "the name of a variable": {"key": "env:VCSE_KEY", "password": "env:TRUST_PASSWORD"},
    "nothing": {"password": None},
    "an address": {"source": "https://www.ons.gov.uk/a?edition=2024#table", "obtain": "https://x.example:8443/a@b"},
    "words": {"summary": "The secret of a token: passwords are not in here", "question": "Did it work? Yes: at 10:30"},
    "a mail address": {"contact": "Write to team@example.org, or see http://example.org/~team"},
    "key columns": {"columns": ["person_id", "postcode", "token_count"]},
    "a mapping with such a name": {"token": {"a": 1}},
    "hashes": {"obtain": "sha256 0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"},
}


@pytest.mark.parametrize("case", SECRETS)
def test_secrets_are_found_and_not_repeated(case):
    found = list(secrets_in(SECRETS[case]))
    (key,) = SECRETS[case]
    assert len(found) == 1
    assert found[0].startswith(f"{key}: looks like a secret")
    assert "s3cr3t" not in found[0].lower()
    assert "12345678" not in found[0]


@pytest.mark.parametrize("case", PLAIN)
def test_what_is_no_secret_passes(case):
    assert list(secrets_in(PLAIN[case])) == []


def test_every_place_is_named_however_deep():
    raw = {
        "contracts": {"ae": {"location": "https://a:bcdef@x.example/1"}},
        "outcomes": [{"name": "a"}, {"label": "sk-s3cr3ts3cr3ts3cr3ts3cr3t"}],
        "design": {"options": {"api_token": "x"}},
    }
    assert [line.partition(": ")[0] for line in secrets_in(raw)] == [
        "contracts.ae.location", "outcomes (entry 2).label", "design.options.api_token",
    ]  # fmt: skip


def test_a_name_that_is_no_variable_is_a_secret_itself():
    for given in ("env:lower", "env:", "env:9KEY", "ENV:KEY", "env:KEY more"):
        assert len(list(secrets_in({"password": given}))) == 1


def test_the_remedy_says_to_change_the_secret_too():
    assert "env:VCSE_KEY" in REMEDY
    assert REMEDY.endswith("then change the secret")
