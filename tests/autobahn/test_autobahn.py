"""Our WebSocket protocol class against Autobahn's test suite, beside the class of uvicorn that it extends."""

import pytest

from tests.autobahn.echo import APPLICATIONS
from tests.autobahn.suite import NotAtHand, Verdict, installed, judged, told, worse

pytestmark = pytest.mark.once


@pytest.mark.slow
def test_ours_is_as_good_as_uvicorns_own_in_every_case() -> None:
    try:
        installed()
    except NotAtHand as reason:
        pytest.skip(str(reason))
    runs = judged(["*"])
    assert not worse(runs), told(runs)
    cases = {name: len(tried) for name, tried in runs[0].items()}
    assert set(cases) == set(APPLICATIONS)
    assert len(set(cases.values())) == 1, cases
    assert min(cases.values()) > 200, "Autobahn has more cases than these"


def test_a_verdict_is_compared_in_both_its_halves() -> None:
    fine, lax, failed = Verdict("OK", "OK"), Verdict("NON-STRICT", "OK"), Verdict("OK", "WRONG CODE")
    assert fine.as_good_as(lax)
    assert not lax.as_good_as(fine)
    assert not failed.as_good_as(lax)
    assert not Verdict("what is this?", "OK").as_good_as(Verdict("FAILED", "OK"))
    found = {"uvicorn": {"1": lax, "2": fine}, "ours": {"1": fine, "2": failed}}
    assert worse([found]) == [("ours", "2")]
    assert told([found]) == "case 2, ours: OK / WRONG CODE; uvicorn: OK / OK"


def test_what_hangs_on_the_moment_gets_another_try() -> None:
    fine, lax = Verdict("OK", "OK"), Verdict("NON-STRICT", "OK")
    first = {"uvicorn": {"1": fine, "2": fine}, "ours": {"1": lax, "2": fine}}
    assert worse([first]) == [("ours", "1")]
    assert worse([first, {"uvicorn": {"1": fine}, "ours": {"1": lax}}]) == [("ours", "1")]
    assert not worse([first, {"uvicorn": {"1": lax}, "ours": {"1": lax}}])
    assert not worse([first, {"uvicorn": {"1": fine}, "ours": {"1": fine}}])
