"""The page *Findings* under Streamlit's AppTest: choices, verdicts, links, untrusted names."""

import dataclasses
import html
import re
from collections import Counter
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from core.claims.claim import CLAIMS, MINIATURE, Claim, Evidence, Finding, Verdict
from core.claims.verdicts import feature_findings
from core.classifiers.registry import bundled_specs, classifier_title
from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from core.reproduce.report import findings_html
from core.shared.numbers import Interval
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET56, Entry
from ui.maps.wave import link_of
from ui.pages.findings import FEATURES, FILTER, MAPS, SECTION, SHIFTS, VERDICTS
from ui.tools.registry import CORRUPTIONS, TOOLS

FIRST = [str(verdict) for verdict in (Verdict.FAILS, Verdict.IN_PART, Verdict.HOLDS, Verdict.NOT_CHECKABLE)]


def script():
    from ui.pages import findings

    findings.page()


def story_step():
    from ui.pages import story

    story.page()


def opened(**state) -> AppTest:
    app = AppTest.from_function(script, default_timeout=120)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    return app


def table(app: AppTest) -> list[str]:
    """The rows of the table, as HTML."""
    (table_html,) = [item.proto.body for item in app.get("html") if "<table" in item.proto.body]
    return re.findall(r'<tr data-claim="[^"]*">(<td.*?)</tr>', table_html)


def row_of(app: AppTest, claim: str) -> str:
    """The first row of a claim, as HTML."""
    bodies = " ".join(item.proto.body for item in app.get("html"))
    return re.search(rf'<tr data-claim="{claim}">(<td.*?)</tr>', bodies)[1]


def verdicts(app: AppTest) -> list[str]:
    """Return each row's verdict, without its qualification for stand-ins."""
    return [re.search(r'class="chip[^>]*>. ([^<,]*)', row)[1] for row in table(app)]


def counts(app: AppTest) -> dict[str, int]:
    """Return the labels of the buttons above the table."""
    return {
        option[2:].rpartition(": ")[0]: int(option.rpartition(": ")[2])
        for option in app.button_group(key=FILTER).options
    }


def test_page_opens_with_the_papers_two_maps_and_counts_its_verdicts():
    app = opened()
    assert (app.selectbox[0].value, app.selectbox[1].value) == (CLIP, RESNET56)
    actual = verdicts(app)
    assert len(actual) == 12 and counts(app) == Counter(actual)
    assert app.button_group(key=FILTER).label == "CLIP ViT-B/32 against ResNet-56: 12 verdicts"
    assert any("treat the maps as independent" in text.value for text in app.markdown)
    assert actual == sorted(actual, key=FIRST.index), "failing ones first"


def test_rows_that_rest_on_clips_map_say_its_doubt_and_that_the_papers_resnet50_is_a_resnet56():
    rows = dict(boxes(opened()))
    doubt, name = "Which code made this map cannot be recovered.", 'calls the classifier of this figure "Resnet50"'
    assert {key for key, row in rows.items() if doubt in row} == {
        "low", "high", "relies", "within", "different", "lattice",
    }  # fmt: skip
    assert {key for key, row in rows.items() if name in row} == {"low", "high", "relies", "spared", "red", "different"}
    app = opened(subject=MINI_CLIP, reference=MINI_RESNET)
    assert not any(doubt in row or name in row for _, row in boxes(app))


def test_every_claim_of_the_paper_has_a_headline_in_plain_words():
    for claim in CLAIMS.values():
        assert bool(claim.headline) == claim.papers and len(claim.headline) < 80, claim.key


def test_a_verdicts_button_leaves_its_rows_alone():
    app = opened()
    every = table(app)
    for verdict in (Verdict.FAILS, Verdict.NOT_CHECKABLE):
        app.button_group(key=FILTER).set_value([verdict]).run()
        assert table(app) == [row for row in every if f"> {verdict}" in re.sub("(?<=>).(?= )", "", row)]
    (body,) = [item.proto.body for item in app.get("html") if "<table" in item.proto.body]
    assert "<details open><summary>3 claims cannot be checked here" in body
    app.button_group(key=FILTER).set_value([]).run()
    assert table(app) == every


def test_every_button_of_every_section_has_rows_and_a_choice_holds_only_where_it_has_some():
    app = opened()
    for section in (MAPS, FEATURES, SHIFTS):
        app.session_state[SECTION] = section
        for verdict in map(Verdict, counts(app.run())):
            app.button_group(key=FILTER).set_value([verdict]).run()
            assert set(verdicts(app)) == {verdict} and app.query_params[VERDICTS] == verdict
    app.session_state[SECTION] = MAPS
    app.run()
    app.button_group(key=FILTER).set_value([Verdict.FAILS, Verdict.HOLDS]).run()
    for section, remaining in ((SHIFTS, {Verdict.HOLDS}), (FEATURES, {Verdict.HOLDS})):
        app.session_state[SECTION] = section
        assert not app.run().exception and set(verdicts(app)) == remaining
    app.session_state[SECTION] = MAPS
    app.run()
    app.button_group(key=FILTER).set_value([Verdict.FAILS]).run()
    app.session_state[SECTION] = SHIFTS
    assert not app.run().exception and len(verdicts(app)) == 5 and VERDICTS not in app.query_params


def test_a_links_verdicts_are_chosen_where_there_are_some():
    for chosen, count in (("fails", 1), ("cannot tell", 12), ("nonsense", 12)):
        app = AppTest.from_function(script, default_timeout=120)
        app.query_params[VERDICTS] = chosen
        assert not app.run().exception and len(verdicts(app)) == count


def test_a_row_shows_its_verdict_first_and_one_number_alone():
    for row in table(opened()):
        verdict, claim, number = re.findall("<td[^>]*>(.*?)</td>", row)
        assert (
            "chip" in verdict
            and claim.startswith("<b>")
            and claim.index("<small>paper, §" if "“" in claim else "<small>observed here") < claim.index("<details>")
        )
        assert number.count("<b>") == ("not checkable" not in verdict)


# Claims about robust networks in general, not about the paper's.
OF_ROBUST_NETWORKS = {"twins", "contrast", "shift"}


def boxes(app: AppTest) -> list[tuple[str, str]]:
    """Each verdict on a page, as a row or beside a sentence: its claim, and its visible text, nothing expanded."""
    bodies = re.sub("</?bdi>", "", " ".join(item.proto.body for item in app.get("html")))
    matches = re.findall(r'data-claim="([^"]*)">(.*?)</(?:tr|div)>', bodies, re.S)
    return [(claim, html.unescape(re.sub("<details.*?</details>|<[^>]*>", " ", body))) for claim, body in matches]


SMALL = [classifier_title(name) for name in bundled_specs() if name.startswith(MINIATURE)]


def expect_labels(app: AppTest) -> int:
    """Check that a quotation about other networks says so in its box; return how many do."""
    labelled = 0
    for claim, read in boxes(app):
        apart = [name for name in SMALL if re.search(rf"\b{re.escape(name)}\b", read)]
        about_others = bool(apart) and "“" in read and claim not in OF_ROBUST_NETWORKS
        assert about_others == (", in miniature" in read), read
        labelled += about_others
    return labelled


def test_a_miniatures_verdict_on_a_sentence_about_clip_says_so():
    assert expect_labels(opened()) == 0
    assert expect_labels(opened(subject=MINI_CLIP, reference=MINI_RESNET)) > 5
    assert expect_labels(opened(subject=CLIP, reference=MINI_RESNET)) > 2
    app = AppTest.from_function(script, default_timeout=60)
    for section, least in ((FEATURES, 14), (SHIFTS, 0)):
        app.query_params[SECTION] = section
        assert expect_labels(app.run()) == least and boxes(app)


def test_a_network_that_is_no_miniature_of_the_papers_is_called_another():
    app = opened(subject=RESNET56, reference=CLIP)  # each in the other's place
    read = dict(boxes(app))
    assert "for other networks" in read["low"] and "for other networks" in read["red"]
    assert "for other networks" not in read["figure-2-resnet"] and "miniature" not in "".join(read.values())


@pytest.mark.parametrize("step", range(1, 11))
def test_no_step_of_the_story_shows_a_miniatures_verdict_unlabelled(step):
    app = AppTest.from_function(story_step, default_timeout=60)
    app.query_params["step"] = str(step)
    assert not app.run().exception
    expect_labels(app)


def test_robust_features_are_judged_of_any_two_networks_that_painted():
    app = AppTest.from_function(script, default_timeout=120)
    app.query_params[SECTION] = FEATURES
    app.run()
    assert not app.exception
    assert (app.selectbox(key="painter").value, app.selectbox(key="robust-painter").value) == (
        "Mini CLIP", "Mini ResNet (robust)",
    )  # fmt: skip
    actual, expected = verdicts(app), feature_findings("mini-clip", "mini-resnet-robust")
    assert sorted(actual) == sorted(str(entry.verdict) for entry in expected)
    assert app.button_group(key=FILTER).label == "Mini CLIP against Mini ResNet (robust): 17 verdicts"
    assert counts(app) == Counter(actual)
    links = [parse_qs(link) for link in re.findall(r'href="[a-z]+\?([^"]*)"', html.unescape("".join(table(app))))]
    assert len(links) == 12 and {tuple(link.popitem()[1]) for link in links} == {("Mini CLIP", "Mini ResNet (robust)")}
    app.selectbox(key="painter").set_value("Mini ResNet").run()
    pair_findings = feature_findings("mini-resnet", "mini-resnet-robust")
    by_views = [finding for finding in pair_findings if finding.condition == "by views"]
    rest = [finding for finding in pair_findings if finding not in by_views]
    ordered = [sorted((str(finding.verdict) for finding in part), key=FIRST.index) for part in (rest, by_views)]
    assert verdicts(app) == [*ordered[0], *ordered[1]], "folded views come last"


def test_other_maps_make_another_table():
    first, app = table(opened()), opened()
    app.selectbox[0].select(MINI_CLIP).run()
    app.selectbox[1].select(MINI_RESNET).run()
    second = table(app)
    assert len(second) == 12 and not set(first[:6]) & set(second[:6])
    assert app.button_group(key=FILTER).label == "Mini CLIP against Mini ResNet: 12 verdicts"


@pytest.mark.parametrize("key", ["subject", "painter"])
def test_nothing_is_compared_with_itself(key):
    app = AppTest.from_function(script, default_timeout=120)
    app.query_params[SECTION] = MAPS if key == "subject" else FEATURES
    subject, reference = app.run().selectbox
    assert subject.key == key and subject.value not in reference.options
    assert {*reference.options, subject.value} == set(subject.options)
    former = reference.value
    subject.set_value(former).run()
    assert not app.exception and app.selectbox[1].value != former == app.selectbox[0].value


def test_maps_with_outcomes_are_paired():
    subject, reference = (f"{name} · CIFAR-10, 1,000 images · computed" for name in ("Mini CLIP", "Mini ResNet"))
    app = opened(subject=subject, reference=reference)
    assert any("so differences are paired by image" in text.value for text in app.markdown)
    known = [verdict for verdict in verdicts(app) if verdict != "not checkable here"]
    gradient = row_of(app, "gradient")
    assert "over 481 waves" in gradient and "where the few low frequencies weigh more" in gradient
    assert 'data-verdict="holds in part"' in gradient
    hidden = len(verdicts(app)) - len(known)
    (body,) = [item.proto.body for item in app.get("html") if "<table" in item.proto.body]
    folded = body.partition(f"<details><summary>{hidden} claims cannot be checked here")[2]
    assert folded.count("<tr data-claim") == hidden > 1


def test_links_name_the_maps_the_wave_and_the_view():
    row = row_of(opened(), "low")
    where = html.unescape(re.search(r'href="([^"]*)"', row)[1])
    page, _, query = where.partition("?")
    assert page == "frequency"
    assert parse_qs(query) == {"maps": [CLIP, RESNET56], "show": ["Difference"], "cell": ["0,1"]}


def test_what_the_paper_says_of_robustness_has_a_tab_and_corruptions_are_seen_on_theirs():
    app = AppTest.from_function(script, default_timeout=120)
    app.query_params[SECTION] = SHIFTS
    app.run()
    assert not app.exception and len(table(app)) == 5
    assert verdicts(app) == 3 * ["holds in part"] + 2 * ["holds"]
    assert app.button_group(key=FILTER).label == "5 verdicts"
    whose = [re.search(r"<small>paper, §\d, (.*?)</small>", re.sub("</?bdi>", "", row))[1] for row in table(app)]
    twins = [f"{name} (robust) against {name}" for name in ("Mini CLIP", "Mini ResNet")]
    assert [*whose[:2], *whose[3:]] == 2 * twins and "Mini CLIP (plain ViT); " in whose[2]
    links = [parse_qs(html.unescape(re.search(r'href="[a-z]+\?([^"]*)"', row)[1])) for row in table(app)]
    assert [link.get("tab") for link in links] == 2 * [None] + 3 * [[CORRUPTIONS]] and CORRUPTIONS in TOOLS
    assert links[3]["maps"] == ["Mini CLIP (robust) · CIFAR-10 · computed", MINI_CLIP]
    assert "6 small networks (Mini CLIP (robust); Mini CLIP (plain ViT); " in row_of(app, "shift")


def test_numbers_carry_signs_units_and_intervals():
    measured = Interval(-0.0639, -0.0773, -0.0506)
    claim = Claim(key="key", section="3.1", quote="They <differ>.", statistic="a minus b", whose=())
    cells = [
        Evidence("difference", measured),
        Evidence("clean", Interval(0.0672, 0.0625, 0.0723), "error"),
        Evidence("share", Interval(0.653, float("nan"), float("nan")), "ratio"),
        Evidence("p", Interval(0.0001, float("nan"), float("nan")), "p"),
    ]
    row = findings_html([Finding(claim, Verdict.HOLDS, tuple(cells))])
    rest, cells = (re.sub("<[^>]*>", "", part) for part in re.search("<ul>(.*)</ul>.*<td>(.*)</td>", row).groups())
    assert rest == "clean: 6.7 %95 % interval (6.2 to 7.2)share: 0.65p &lt; 0.001"
    assert cells == "difference: −6.4 points95 % interval (−7.7 to −5.1)"
    text = re.sub("<[^>]*>", "", row)
    assert "“They &lt;differ&gt;.” paper, §3.1" in text and "href" not in row


def test_a_map_of_ones_own_is_judged_but_not_linked_and_its_name_stays_text():
    heatmap = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-clip_cifar10.npz")
    facts = {**heatmap.metadata, "classifier": {"name": "<b>bold</b>"}}
    own_map = Entry("<b>bold</b> · CIFAR-10 · uploaded 1", dataclasses.replace(heatmap, metadata=facts))
    app = opened(**{"frequency.my_maps": [own_map], "subject": own_map.label})
    rows = table(app)
    assert not any("href" in row_of(app, claim) for claim in ("low", "high", "within"))
    assert any("href" in row for row in rows)
    assert not any("<b>bold" in row for row in rows)
    assert 'data-verdict="holds"' in row_of(app, "low")  # as for Mini CLIP, whose map this is
    assert 'data-verdict="holds in part"' in row_of(app, "high")


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_sign_besides_its_colour(verdict):
    row = findings_html([Finding(Claim(key="key", section="ours", quote="Ours.", statistic="none", whose=()), verdict)])
    assert re.search(rf'--chip:#[0-9a-f]{{6}}">\S {verdict}<', row) and "observed here" in row


def test_link_of_escapes_what_urls_reserve():
    finding = Finding(
        Claim(key="k", section="1", quote="q", statistic="s", whose=()),
        Verdict.HOLDS,
        maps=("a & b=c#d",),
        wave=(-14, -14),
    )
    assert parse_qs(link_of(finding).partition("?")[2])["maps"] == ["a & b=c#d"]


def test_a_finding_about_photographs_opens_with_a_photograph():
    urls = [html.unescape(url) for url in re.findall(r'href="frequency\?([^"]*)"', "".join(table(opened())))]
    pictures = {label: query.get("pictures") for query in map(parse_qs, urls) for label in query["maps"]}
    photographs = [label for label, kind in pictures.items() if kind == ["Photographs"]]
    assert photographs == ["ResNet-50 · ImageNet100 · published"] and pictures[CLIP] is None
