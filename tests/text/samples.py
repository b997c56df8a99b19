"""A few paragraphs written for these tests, in both scripts, and small books made of them."""

SIMPLIFIED = (
    "天色渐渐暗了下来，他站在门口，看着远处的山，心里想着明天要走的路。",
    "“你真的要去吗？”她问道，“那里已经没有人了。”",
    "他没有回答，只是把灯点上，又把信放在桌子上，过了好一会儿才说：“我会回来的。”",
)
TRADITIONAL = (
    "天色漸漸暗了下來，他站在門口，看著遠處的山，心裡想著明天要走的路。",
    "「你真的要去嗎？」她問道，「那裡已經沒有人了。」",
    "他沒有回答，只是把燈點上，又把信放在桌子上，過了好一會兒才說：「我會回來的。」",
)


def prose(count: int = 3, *, indent: str = "　　", paragraphs: tuple[str, ...] = SIMPLIFIED) -> str:
    """Return `count` paragraphs, one a line."""
    return "".join(f"{indent}{paragraphs[index % len(paragraphs)]}\n" for index in range(count))


def novel(*headings: str, indent: str = "　　", paragraphs: int = 3) -> str:
    """Return a book of these headings with prose under each."""
    return "".join(f"{heading}\n\n{prose(paragraphs, indent=indent)}\n" for heading in headings)
