"""What every refusal must look like."""

from projects import outputs

CODES = {"StudyError": 2, "ContractError": 3, "DesignError": 4, "RunError": 7}


def refused(folder, said, kind, *pieces):
    """Hold a refusal to the house rules: one message, its kind's exit code, the pieces given, and nothing written."""
    message = said.err[said.err.index(kind) :]
    lines = message.rstrip("\n").split("\n")
    assert said.code == CODES[kind]
    assert message.count("Error") == 1, "one message, and no traceback"
    assert "Traceback" not in said.err + said.out
    assert lines[0].startswith(f"{kind}: ")
    assert all(line.startswith("  ") for line in lines[1:])
    # what is wrong with data or a panel says in its own line what to do, and the tests name it
    assert kind in ("ContractError", "DesignError") or len(lines[-1].partition("  do: ")[2]) > 10
    assert [piece for piece in pieces if piece not in message] == [], message
    assert said.out == ""
    assert outputs(folder) == {}
