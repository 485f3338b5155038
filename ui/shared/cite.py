"""The paper that this app is about, on every page, and how to cite it and what it builds on."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.shared import url


@dataclass(frozen=True)
class Reference:
    """A publication: what it gave this app, and its BibTeX entry."""

    key: str
    kind: str
    fields: tuple[tuple[str, str], ...]
    gave: str

    def field(self, name: str) -> str:
        """A field's text.

        Raises:
            KeyError: there is no such field.
        """
        return dict(self.fields)[name]

    @property
    def bibtex(self) -> str:
        """The entry, ready to be copied."""
        lines = ",\n".join(f"  {name} = {{{text}}}" for name, text in self.fields)
        return f"@{self.kind}{{{self.key},\n{lines}\n}}"


PAPER = Reference(
    "galindo-faria-clip-robustness",
    "misc",
    (
        ("title", "Understanding {CLIP} Robustness"),
        ("author", "Galindo, Yuri and Faria, Fabio A."),
        ("howpublished", "Institute of Science and Technology, Universidade Federal de São Paulo"),
        ("url", "https://github.com/yurigalindo/FourierHeatmap"),
    ),
    "the experiments and the published heat maps",
)
BUILDS_ON = (
    Reference(
        "yin2019fourier",
        "inproceedings",
        (
            ("title", "A {Fourier} Perspective on Model Robustness in Computer Vision"),
            (
                "author",
                "Yin, Dong and Gontijo Lopes, Raphael and Shlens, Jonathon and Cubuk, Ekin D. and Gilmer, Justin",
            ),
            ("booktitle", "Advances in Neural Information Processing Systems"),
            ("volume", "32"),
            ("year", "2019"),
            ("url", "https://arxiv.org/abs/1906.08988"),
        ),
        "Fourier heat maps",
    ),
    Reference(
        "santurkar2019image",
        "inproceedings",
        (
            ("title", "Image Synthesis with a Single (Robust) Classifier"),
            (
                "author",
                "Santurkar, Shibani and Ilyas, Andrew and Tsipras, Dimitris and Engstrom, Logan and Tran, Brandon and "
                "Madry, Aleksander",
            ),
            ("booktitle", "Advances in Neural Information Processing Systems"),
            ("volume", "32"),
            ("year", "2019"),
            ("url", "https://arxiv.org/abs/1906.09453"),
        ),
        "inpainting and generation with a classifier",
    ),
    Reference(
        "radford2021learning",
        "inproceedings",
        (
            ("title", "Learning Transferable Visual Models From Natural Language Supervision"),
            (
                "author",
                "Radford, Alec and Kim, Jong Wook and Hallacy, Chris and Ramesh, Aditya and Goh, Gabriel and Agarwal, "
                "Sandhini and Sastry, Girish and Askell, Amanda and Mishkin, Pamela and Clark, Jack and Krueger, "
                "Gretchen and Sutskever, Ilya",
            ),
            ("booktitle", "International Conference on Machine Learning"),
            ("year", "2021"),
            ("url", "https://arxiv.org/abs/2103.00020"),
        ),
        "CLIP",
    ),
    Reference(
        "madry2018towards",
        "inproceedings",
        (
            ("title", "Towards Deep Learning Models Resistant to Adversarial Attacks"),
            (
                "author",
                "Madry, Aleksander and Makelov, Aleksandar and Schmidt, Ludwig and Tsipras, Dimitris and Vladu, Adrian",
            ),
            ("booktitle", "International Conference on Learning Representations"),
            ("year", "2018"),
            ("url", "https://arxiv.org/abs/1706.06083"),
        ),
        "projected gradient descent and adversarial training",
    ),
    Reference(
        "robustness",
        "misc",
        (
            ("title", "Robustness (Python Library)"),
            (
                "author",
                "Engstrom, Logan and Ilyas, Andrew and Salman, Hadi and Santurkar, Shibani and Tsipras, Dimitris",
            ),
            ("year", "2019"),
            ("url", "https://github.com/MadryLab/robustness"),
        ),
        "the code that the paper's inpainting and generation were built upon",
    ),
)


def cite_popover() -> None:
    """A button *Cite* that opens the entries; for a page's own header as well as for the footer."""
    with st.popover("Cite", icon=":material/format_quote:"):
        _entries()


def share_popover() -> None:
    """A button *Share* that opens the link to what is on the screen. Call it when the page's URL is complete."""
    with st.popover("Share", icon=":material/link:"):
        st.markdown("This link opens what you see now, except for your own pictures and files: they have no address.")
        st.code(url.address(), language=None, wrap_lines=True)


def _entries() -> None:
    st.markdown("**The paper.** Cite it for the experiments, and for the heat maps marked as published.")
    st.code(PAPER.bibtex, language="latex", wrap_lines=True)
    st.markdown("**What it builds on.** " + "; ".join(_line(reference) for reference in BUILDS_ON) + ".")
    st.code("\n\n".join(reference.bibtex for reference in BUILDS_ON), language="latex", wrap_lines=True)


def _line(reference: Reference) -> str:
    first = reference.field("author").partition(",")[0]
    return f"{reference.gave}: [{first} et al. {reference.field('year')}]({reference.field('url')})"


def footer() -> None:
    """The paper's name, its authors, a link, *Share* and *Cite*: the last line of every page."""
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        title = PAPER.field("title").replace("{", "").replace("}", "")
        st.markdown(
            f"An interactive companion to *{title}* by Yuri Galindo and Fabio A. Faria "
            f"([code and runs]({PAPER.field('url')}))."
        )
        share_popover()
        cite_popover()
