"""The official validator of RO-Crates, with its two contexts served from files: no network is needed."""

import io
import warnings
from pathlib import Path

from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

CONTEXTS = Path(__file__).parent / "contexts"
AT = {
    "https://w3id.org/ro/crate/1.1/context": "ro-crate-1.1.jsonld",
    "https://w3id.org/ro/terms/workflow-run/context": "workflow-run.jsonld",
}


class _FromFiles(HTTPAdapter):
    """Answers what is at AT; anything else is not found."""

    def send(self, request, **_):
        known = request.url in AT
        body = (CONTEXTS / AT[request.url]).read_bytes() if known else b""
        raw = HTTPResponse(
            io.BytesIO(body), {"Content-Type": "application/ld+json"}, status=200 if known else 404,
            preload_content=False, request_url=request.url,
        )  # fmt: skip
        return self.build_response(request, raw)


def _cache(place):
    from requests_cache import CachedSession

    with CachedSession(cache_name=str(place), backend="sqlite", expire_after=-1, allowable_codes=(200,)) as session:
        session.mount("https://", _FromFiles())
        for url in AT:
            session.get(url, headers={"Accept": "application/ld+json, application/json"})
    return place


def faults(crate, scratch, *, profile="process-run-crate", severity="RECOMMENDED"):
    """What the validator finds in a crate, a folder or a zip, at REQUIRED and RECOMMENDED: sentences, [] if nothing."""
    from rocrate_validator.utils.http import HttpRequester

    HttpRequester.reset()
    # what the validator's own libraries have to say of each other is no fault of a crate
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _found(crate, scratch, profile, severity)
    assert len(found.executed_checks) > 20, "the validator did its work"
    return [f"{one.severity.name} {one.check.identifier}: {one.message}" for one in found.get_issues()]


def _found(crate, scratch, profile, severity):
    from rocrate_validator import services
    from rocrate_validator.models import ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    settings = ValidationSettings(
        rocrate_uri=str(crate), profile_identifier=profile, requirement_severity=severity, offline=True,
        cache_path=_cache(Path(scratch) / "http"), abort_on_first=False,
    )  # fmt: skip
    try:
        return services.validate(settings)
    finally:
        HttpRequester.reset()
