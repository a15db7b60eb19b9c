"""What a plan row may ask to be there before its orders are verified, as a request says it."""

from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from maintenance.plan import EVIDENCE, Evidence
from maintenance.proof import WORDS


def _evidence(word: Any) -> Any:
    if word in EVIDENCE:
        return word
    zh, en = "、".join(f"{one}（{WORDS[one][0]}）" for one in EVIDENCE), ", ".join(EVIDENCE)
    raise PydanticCustomError(
        "literal_error", "没有这种凭证；可用：{zh} / there is no such evidence; there are: {en}", {"zh": zh, "en": en}
    )


KnownEvidence = Annotated[Evidence, BeforeValidator(_evidence)]
"""What a row may ask to be there; another word is answered in both languages."""
