"""How Sphinx builds the site. Pages are Markdown (MyST), the reference is made of the docstrings, the gallery of ``examples/``."""

import os
import re
import runpy
from pathlib import Path

os.environ["MPLBACKEND"] = "Agg"  # pictures go to files
os.environ["SK_GD_DOCS"] = ".."  # where a page of the gallery finds the reference, to which the HTML of an estimator links

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

import sk_gd

HERE = Path(__file__).parent

project = "sk_gd"
author = "the sk_gd developers"
copyright = author
version = release = sk_gd.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/**/*.py", "auto_examples/**/*.ipynb"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

templates_path = ["_templates"]
autodoc_typehints = "none"  # the docstrings tell types, with shapes
smartquotes = False  # "auto" is typed with these quotes, and links to the text of a parameter look for them
toc_object_entries_show_parents = "hide"
autosummary_generate = True
numpydoc_show_class_members = False  # the template of a class lists them
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"quickstart\.py",  # a table in the terminal, no picture
    "abort_on_example_error": True,
    "matplotlib_animations": True,  # films stay films
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sk_gd",),
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
}

html_math_renderer = "mathml"  # every browser draws it without a script, from no network
html_theme = "pydata_sphinx_theme"
html_title = "sk_gd"
html_static_path = ["_static"]
html_css_files = ["sk_gd.css"]
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "changelog": []}


def draw_pictures(app):
    """Make the pictures of the first page."""
    runpy.run_path(str(HERE / "first_page.py"), run_name="__main__")


def without_foreign_labels(app, what, name, thing, options, lines):
    """Keep the words of references into scikit-learn's user guide and glossary, whose labels this site does not have."""
    lines[:] = re.sub(r":(?:ref|term):`([^<`]*?)\s*(?:<[\w-]+>)?`", r"\1", "\n".join(lines)).split("\n")


def formula(visitor, node):
    """A formula in a line."""
    visitor.body.append(convert(node.astext()))
    raise SkipNode


def formula_apart(visitor, node):
    """A formula on lines of its own, which scrolls where it is wider than the page."""
    visitor.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise SkipNode


def setup(app):
    """Tell Sphinx of these."""
    app.connect("builder-inited", draw_pictures)
    app.connect("autodoc-process-docstring", without_foreign_labels)
    app.add_html_math_renderer("mathml", (formula, None), (formula_apart, None))
