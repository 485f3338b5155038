"""The chapter *Judge*: only what the story shows nowhere else, and what is said of each drawing."""

from core.data.picture_files import png_data_uri
from core.data.sketches import SKETCHES, draw_sketch
from core.data.start_photos import START_PHOTOS
from core.pgd.drawings import opening_words
from core.pgd.rounds import draw_questions
from core.shared.text import with_article
from tests.ui.page_runner import bodies
from tests.ui.story.test_page import of, opened
from ui.components.mount import lossy_data_uri
from ui.story.judge_chapter import candidates, questions
from ui.story.story_start import TILES


def test_no_drawing_stands_elsewhere_in_the_story():
    shown = {*opening_words(), *(photo.word for photo in START_PHOTOS.values())}
    shown |= {SKETCHES[name].word for name in TILES if name in SKETCHES}
    assert len(shown) >= 10
    for seed in range(100):
        for question in questions(seed, pictures=False):
            assert question["options"][question["right"]] not in shown
    words, sketches = candidates()
    assert len(words) >= 20 and len(sketches) >= 10, "enough for rounds that differ"


def test_each_question_says_what_the_stored_tables_say():
    for shown, question in zip(questions(7), draw_questions(*candidates(), 7), strict=True):
        assert shown["picture"] == lossy_data_uri(question.drawing.picture)
        assert shown["was"] == with_article(question.drawn.word) and shown["method"] == question.method
        judgement, sketch = question.drawing.judgements[0], question.drawn.sketch
        assert shown["recognised"] == (judgement.ranks[0] == 1)
        also = "also " if shown["recognised"] else ""
        assert shown["second"] == f"The second network {also}sees {with_article(judgement.says[0])}."
        assert shown["sketch"] == (png_data_uri(draw_sketch(sketch)) if sketch else "")


def test_link_opens_its_round_and_note_follows_the_first_answer():
    app = opened(chapter="judge", round="7")
    assert of(app, "questions")["questions"] == questions(7)
    assert bodies(app, "Ten pictures.") and not bodies(app, "Five were made with the paper")
    app = opened(chapter="judge", round="7", chosen="01")
    assert of(app, "questions")["chosen"] == [0, 1] and bodies(app, "Five were made with the paper")
    app = opened(chapter="judge", round="7", chosen="0123401234")
    assert not bodies(app, "Ten pictures.") and bodies(app, "Five were made with the paper")
