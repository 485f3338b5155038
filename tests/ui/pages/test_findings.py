"""The page *Findings* under Streamlit's AppTest: choices, verdicts, links, untrusted names."""

import dataclasses
import html
import re
from collections import Counter
from functools import partial
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from core.claims.claim_table import CLAIMS, feature_findings, findings
from core.claims.corruption_claims import CORRUPTIONS_TOOL
from core.claims.evidence import Evidence
from core.claims.finding import BY_VIEWS, Finding, Head, Topic, judged
from core.claims.verdict import Verdict, above, below
from core.shared.numbers import Interval
from core.shared.text import isolated
from tests.ui.page_runner import bodies, open_page
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET56, Entry, shipped_maps
from ui.maps.chosen_wave import link_of
from ui.pages.findings import SECTION
from ui.shared.verdicts import SIGNS, findings_html, multiplicity, row_id

FIRST = [
    "holds",
    "holds in part",
    "true in one sense",
    "fails",
    "cannot tell",
    "not checkable here",
]


opened = partial(open_page, "findings")


def rows(app: AppTest) -> list[tuple[str, str]]:
    """Each row's claim and its HTML."""
    return re.findall(r'<tr id="[^"]*" data-claim="([^"]*)">(<td.*?)</tr>', bodies(app, "<table")[0])


def table(app: AppTest) -> list[str]:
    return [row for _, row in rows(app)]


def row_of(app: AppTest, claim: str) -> str:
    """The first row of a claim."""
    return next(row for key, row in rows(app) if key == claim)


def visible(app: AppTest) -> list[tuple[str, str]]:
    """Each row's claim and text, nothing expanded."""
    hidden = "<details.*?</details>|<[^>]*>"
    return [(key, html.unescape(re.sub(hidden, " ", re.sub("</?bdi>", "", row)))) for key, row in rows(app)]


def verdicts(app: AppTest) -> list[str]:
    """Return each row's verdict, without its qualification for stand-ins."""
    return [re.search(r'class="chip[^>]*>. ([^<,]*)', row)[1] for row in table(app)]


def links_of(app: AppTest) -> list[dict[str, list[str]]]:
    """Return the parameters of each row's link."""
    return [parse_qs(url) for url in re.findall(r'href="[a-z]+\?([^"]*)"', html.unescape("".join(table(app))))]


SMALL = "Mini CLIP · CIFAR-10, 1,000 images · computed", "Mini ResNet · CIFAR-10, 1,000 images · computed"


def expected(subject=CLIP, reference=RESNET56):
    """Every finding of the page, for two maps and the first networks that painted."""
    maps = {label: entry.named for label, entry in shipped_maps().items()}
    painted = feature_findings("mini-clip", "mini-resnet-robust")
    return *findings(maps[subject], maps[reference], [*maps.values()]), *painted


# Tab, chosen maps, and what is compared.
@pytest.mark.parametrize(
    ("section", "chosen", "against"),
    [
        (Topic.WAVES, (), "CLIP ViT-B/32 against ResNet-56"),
        (Topic.WAVES, (CLIP, MINI_RESNET), "CLIP ViT-B/32 against Mini ResNet"),
        (Topic.PICTURES, (), "Mini CLIP against Mini ResNet (robust)"),
        (Topic.CORRUPTIONS, (), ""),
    ],
)
def test_every_claim_is_a_row_of_its_tab_with_a_summary(section, chosen, against):
    app = opened(**{SECTION: section}, **dict(zip(("subject", "reference"), chosen, strict=False)))
    (summary,), every, all_findings = bodies(app, 'class="summary'), table(app), expected(*chosen)
    said = html.unescape(re.sub("<[^>]*>", "", summary.partition('<div class="strip"')[0]))
    first_judged = [finding for finding in all_findings if finding.condition != BY_VIEWS]
    papers = [finding.verdict for finding in first_judged if finding.claim.papers]
    assert f"We checked {len(papers)} of the paper’s claims:" in said
    signs = re.findall(r"([✓◐⇄✕?○]) (?:for )?(\d+)", said)
    assert {sign: int(n) for sign, n in signs} == Counter(SIGNS[verdict][0] for verdict in papers)
    marks = re.findall(r'<a href="([^"]*)"[^>]*style="--chip:(#\w+)" title="([^"]*)"[^>]*>(.)</a>', summary)
    assert Counter(mark for *_, mark in marks) == Counter(SIGNS[finding.verdict][0] for finding in first_judged)
    assert all(colour == SIGNS[verdict][1] for _, colour, _, mark in marks
               for verdict in SIGNS if SIGNS[verdict][0] == mark)  # fmt: skip
    here = {where.removeprefix("#") for where, *_ in marks if where.startswith("#")}
    ids = re.findall(r'<tr id="([^"]*)"', bodies(app, "<table")[0])
    again = {row_id(finding) for finding in all_findings if finding.condition == BY_VIEWS}
    assert len(ids) == len(set(ids)) and here == {*ids} - again, "marks of this tab lead to its rows"
    elsewhere = [parse_qs(html.unescape(where).partition("?")[2]) for where, *_ in marks if "?" in where]
    assert len(elsewhere) + len(here) == len(first_judged) == len({str(query) for query in elsewhere}) + len(here)
    assert {query["section"][0] for query in elsewhere} == {str(topic) for topic in Topic} - {str(section)}
    of_tab = [finding for finding in all_findings if finding.claim.topic == section]
    assert Counter(key for key, _ in rows(app)) == Counter(finding.claim.key for finding in of_tab)
    assert {finding.claim.key for finding in of_tab} == {key for key, row in CLAIMS.items() if row.topic == section}
    assert Counter(verdicts(app)) == Counter(str(finding.verdict) for finding in of_tab)
    assert any(item.value == against for item in app.markdown) == bool(against)
    every_chart = bodies(app, "<table")[0].partition("<table")[0]
    assert ("How often a network is wrong" in every_chart) == (section == Topic.WAVES)
    assert all(name in every_chart for name in against.split(" against ")) or section != Topic.WAVES
    ours = ["Our own:" in row for row in every if "not checkable" not in row and "by many views</b>" not in row]
    checked = verdicts(app)[: len(ours)]
    order = [(own, FIRST.index(verdict)) for own, verdict in zip(ours, checked, strict=True)]
    assert order == sorted(order), "the paper's claims first, those that hold before the others"
    for row in every:
        verdict, claim, number = re.findall("<td[^>]*>(.*?)</td>", row)
        assert "chip" in verdict and re.match('<b><span class="who">(The paper says|Our own):</span> [A-Z]', claim)
        said = re.findall(r"<strong>(.*?)</strong>", claim)
        assert claim.count("<li>") >= 1 or "not checkable" in verdict, "its parts are listed"
        assert len(said) == number.count('class="bar"') > 0 or "not checkable" in verdict, "a bar for each number"
    titles = re.findall(r"</td><td><b>(.*?)</b>", "".join(every))
    assert len(set(titles)) == len(titles), "rows of one claim differ in their headings"
    miniatures = [finding.stand_in for finding in of_tab].count("in miniature")
    assert [", in miniature" in row for _, row in visible(app)].count(True) == miniatures


def test_doubts_about_maps_are_below_each_once():
    notes = re.findall(r'<p class="footnote">(.*?)</p>', bodies(opened(), "<table")[0])
    about = [html.unescape(re.sub("<[^>]*>", "", note)).partition(": ") for note in notes]
    assert [name for name, *_ in about] == ["CLIP ViT-B/32", "ResNet-56", "ResNet-50"]
    assert [("79.4%" in said, "Resnet50" in said) for _, _, said in about] == [(1, 0), (0, 1), (0, 0)]


def test_network_is_not_compared_with_itself():
    app = opened(**{SECTION: Topic.PICTURES})
    subject, reference = app.selectbox
    assert {*reference.options, subject.value} == {*subject.options} > {*reference.options}
    former = reference.value
    subject.set_value(former).run()
    assert not app.exception and app.selectbox[1].value != former == app.selectbox[0].value
    for key, name in (("painter", "Mini ResNet"), ("robust-painter", "Mini ResNet (robust)")):
        app.selectbox(key=key).set_value(name).run()
    pair = feature_findings("mini-resnet", "mini-resnet-robust")
    by_claim = {row_id(one): (one.condition == "by views", not one.claim.papers, str(one.verdict)) for one in pair}
    folded = {FIRST[-1]: 2}  # last, below those that are judged again by views
    expected_order = sorted(
        by_claim.values(), key=lambda one: (folded.get(one[2], one[0]), one[1], FIRST.index(one[2]))
    )
    assert verdicts(app) == [verdict for *_, verdict in expected_order]
    named = [set(sum(link.values(), [])) for link in links_of(app)]
    pair = {"Mini ResNet", "Mini ResNet (robust)"}  # by the paper’s search; no example by views is stored
    on_a_page = [row for row in CLAIMS.values() if len(row.tasks) == 1]
    assert len(named) == len(on_a_page) > 0 and all(names > pair for names in named)


def test_uncheckable_claims_are_folded():
    subject, reference = SMALL
    app = opened(subject=subject, reference=reference)
    assert any("paired by image" in item.value for item in app.markdown)
    assert any("as independent" in item.value for item in opened().markdown)
    hidden = verdicts(app).count("not checkable here")
    folded = bodies(app, "<table")[0].partition(f"<details><summary>{hidden} claims cannot be checked here")[2]
    assert folded.count("<tr id=") == hidden > 1


def test_a_link_marks_its_row_and_opens_its_fold():
    painted = feature_findings("mini-clip", "mini-resnet-robust")
    text = findings_html(painted, chosen="row-losses")
    assert re.findall(r'<tr id="([^"]*)" data-claim="[^"]*" class="chosen">', text) == ["row-losses"]
    assert (
        re.findall(r"<tr [^>]*>(?:(?!</tr>).)*<details open>", text)[0]
        .rpartition("<tr ")[2]
        .startswith('id="row-losses"')
    )
    folds = re.findall(r"<details( open)?><summary>(\d+) claims? (judged again|cannot)", text)
    assert folds == [("", "6", "judged again"), (" open", "2", "cannot")]


def test_row_links_to_what_it_is_about():
    app = opened()
    where = html.unescape(re.search(r'href="([^"]*)"', row_of(app, "low"))[1])
    page, _, query = where.partition("?")
    assert page == "frequency" and parse_qs(query) == {
        "maps": [CLIP, RESNET56],
        "show": ["Difference"],
        "cell": ["0,1"],
        "claim": ["low"],
    }
    kinds = {label: link.get("pictures") for link in links_of(app) for label in link["maps"]}
    photographs = [label for label, kind in kinds.items() if kind == ["Photographs"]]
    assert photographs == ["ResNet-50 · ImageNet100 · published"] and kinds[CLIP] is None
    app = opened(**{SECTION: Topic.CORRUPTIONS})
    links = links_of(app)
    tools = [CLAIMS[key].display.tool for key, _ in rows(app)]
    assert [link.get("tab", [""]) for link in links] == [[tool] for tool in tools] and CORRUPTIONS_TOOL in tools
    pair = ["Mini CLIP (robust) · CIFAR-10 · computed", MINI_CLIP]
    assert pair in [link.get("maps") for link, tool in zip(links, tools, strict=True) if tool]
    escaped = Finding(claim=CLAIMS["low"], maps=("a & b=c#d",), wave=(-14, -14))
    assert parse_qs(link_of(escaped).partition("?")[2])["maps"] == ["a & b=c#d"]


def test_findings_show_units_intervals_and_signs():
    cells = (
        Evidence("difference", Interval(-0.0639, -0.0773, -0.0506)),
        Evidence("clean", Interval(0.0672, 0.0625, 0.0723), "error", bar="<i>no wave"),
        Evidence("p", Interval(0.0001, float("nan"), float("nan")), "p"),
    )

    @Head(topic=Topic.WAVES, section="ours")
    def claim(subject):
        """They <differ>.

        A minus {subject}.
        """

    number = {
        True: Evidence("so", Interval(2.0, 1.0, 3.0), "ratio"),
        False: Evidence("not so", Interval(-2.0, -3.0, -1.0), "ratio"),
        None: Evidence("open", Interval.exact(1.0), "ratio"),
    }
    readings = above(number[True], reading="<one>"), above(number[False], reading="other")
    of_parts = [[above(number[truth]) for truth in truths] for truths in ((True,), (True, False), (False,), (None,))]
    of_parts.insert(2, [*readings])
    for verdict, parts in zip(Verdict, [*of_parts, []], strict=True):
        found = judged(parts, cells, f"Wrong on {cells[1]} under {isolated('<i>no wave')}.")
        row = findings_html([Finding(claim=claim, **vars(found))])
        assert re.search(rf'--chip:#[0-9a-f]{{6}}">\S {verdict}<', row) and "href" not in row
        signs = [{True: "✓", False: "✕", None: "?"}[part.truth] for part in parts]
        assert re.findall(r"<li>(\S) ", row)[: len(signs)] == signs
        assert ("&lt;one&gt;</bdi>, so" in row) == (verdict == Verdict.DEPENDS)
    text = re.sub("<[^>]*>", "", row)
    assert "They &lt;differ&gt;.Wrong on 6.7% under &lt;i&gt;no wave." in text and "our own observation" in text
    assert "&lt;i&gt;no wave6.7%95% interval (6.2 to 7.2)" in text and "A minus the first network." in text
    assert "difference: −6.4 points95% interval (−7.7 to −5.1)p &lt; 0.001" in text
    bar = re.search("--value:(.*?)%.*?--from:(.*?)%;--to:(.*?)%", row)
    assert [*map(float, bar.groups())] == pytest.approx([6.7, 6.2, 7.2], abs=0.1)


def test_expected_false_positives_are_counted():
    number = Evidence("x", Interval(2.0, 1.0, 3.0), "ratio")
    checked = [Finding(claim=CLAIMS["low"], parts=(part(number),)) for part in 20 * (above, below)]
    said = multiplicity([*checked, Finding(claim=CLAIMS["low"])])
    assert re.findall(r"[\d.]*\d", said) == ["40", "1.0"]


def test_own_map_is_judged_but_not_linked():
    heatmap = shipped_maps()[MINI_CLIP].heatmap
    facts = {**heatmap.metadata, "classifier": {"name": "<b>bold</b>"}}
    own_map = Entry("<b>bold</b> · CIFAR-10 · uploaded 1", dataclasses.replace(heatmap, metadata=facts))
    app = opened()
    app.session_state["frequency.my_maps"] = [own_map]
    app.run().selectbox(key="subject").set_value(own_map.label).run()
    assert not any("href" in row_of(app, claim) for claim in ("low", "high", "within"))
    assert any("href" in row for row in table(app)) and "<b>bold" not in bodies(app, "<table")[0]
    of_mini_clip = {finding.claim.key: finding.verdict for finding in expected(MINI_CLIP)}  # whose map this is
    for claim in ("low", "high"):
        assert f'data-verdict="{of_mini_clip[claim]}"' in row_of(app, claim)
