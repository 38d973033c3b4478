"""The code of the guide's page on other libraries runs."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "array_api.md"


def test_code_of_the_guide(capsys):
    """As typed, and it says where the coefficients are."""
    (code,) = re.findall(r"```{code-block} python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, PAGE.name, "exec"), {})
    assert "torch.Tensor" in capsys.readouterr().out
