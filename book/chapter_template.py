# %% [markdown]
# # How loud is a note?
#
# *(The template of a chapter: it runs, and has every part that a chapter must have. Copy it to
# `book/NN_name.py`, put your own text and code in the place of these, name the chapter in
# `_toc.yml`, and run `make sync`. Remarks in italics, like this one, are for you and go.)*
#
# Some notes of the set are much louder than others. Is loudness a matter of the family, and would
# it give a family away? *(Two or three sentences: the question of the chapter, no more.)*
#
# ## What you will learn
#
# - Compute the level of a note in decibels from its samples.
# - Compare the levels of the ten families, and say how far they overlap.
# - Predict what a model can make of a number that overlaps so.
#
# *(Three to six bullets. Each begins with a verb that an exercise can test: say, compute, compare,
# explain; not know, see or understand.)*
#
# **You need** [the dataset](03_dataset.ipynb), and logarithms. *(Earlier chapters, and what to
# know.)*
#
# **Time**: 10 minutes of reading. Nothing is trained. *(Minutes of reading, then what training
# takes, measured.)*
#
# **Thesis**: section 3.1. *(The sections that it covers.)*

# %% tags=["parameters"]
PROFILE = "mini"  # smoke, quick, mini or thesis
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from helpers import datasets, plots, profiles
from helpers.runs import findings

profile = profiles.get(PROFILE)
plots.use_style()
notes = datasets.load(DATA, "train").sample(profile.notes_per_family, seed=0)

# %% [markdown]
# ## A level for each note
#
# *(Small steps, each with one idea. Ask for a prediction before a result is shown. A term is in
# bold where it is explained; one that the glossary has not got gets an entry there, and a link,
# `[**term**](glossary.md#term)`, where the book first says it in bold.)*
#
# The level of a note is the root mean square of its samples, in decibels below full scale. **Before
# you run the cell**: how many decibels lie between the quietest and the loudest note?


# %%
def level(waveform):
    """The level of a waveform in dB; 0 is a square wave at full scale."""
    return 20 * np.log10(np.sqrt(np.mean(waveform**2)) + 1e-5)


levels = pd.Series([level(notes.waveform(i)) for i in range(len(notes))])
print(f"profile {PROFILE}: {len(notes)} notes, {levels.min():.0f} to {levels.max():.0f} dB")

# %% [markdown]
# ## By family
#
# If loudness gave the family away, the boxes of the figure would lie side by side and not one above
# the other. *(A figure has axis labels with units, a caption and an alternative text, and is the
# only output of its cell.)*

# %% mystnb={"image": {"alt": "Ten boxes, one a family, with level in decibels across; their ranges overlap widely"}}
families = notes.table["family"].to_numpy()
fig, ax = plt.subplots(figsize=(7.2, 3.6))
groups = [levels[families == family] for family in datasets.FAMILIES]
ax.boxplot(groups, orientation="horizontal", whis=(0, 100))
ax.set_yticks(range(1, 11), datasets.FAMILIES)
ax.set(xlabel="level (dB)")
plt.show()

# %% [markdown]
# *Figure: Levels of the notes of each family: median, middle half, and range.*
#
# Do the boxes overlap? *(A number in the text is listed in `tests/statements/`, which recomputes
# it. A table has a caption with a number above it.)*

# %% [markdown]
# **Check yourself.** A recording is made twice as loud. What happens to its level?
#
# <details class="choice"><summary>A. It doubles.</summary>
#
# **No.** Decibels are logarithms of ratios: a factor in front becomes a sum.
#
# </details>
#
# <details class="choice"><summary>B. It rises by about 6 dB, whatever it was.</summary>
#
# **Right.** $20 \log_{10} 2$ is 6.02. *(Two or three such questions a chapter, each in a cell of its
# own. Three choices or more, each explained; the choice itself in plain words, since a summary knows
# no Markdown.)*
#
# </details>
#
# <details class="choice"><summary>C. That depends on how loud the recording was.</summary>
#
# **No.** A ratio of two is the same number of decibels anywhere on the scale.
#
# </details>

# %% [markdown]
# ## What a model could make of it
#
# A model that knew the level alone would often have to choose between families whose boxes overlap.
# *(The next cell, the last one with code, is not shown: it reports the chapter's figures to
# `make regression`.)*

# %% tags=["remove-cell"]
medians = {
    family: np.median(group) for family, group in zip(datasets.FAMILIES, groups, strict=True)
}
findings.report({f"level/median/{family}": value for family, value in medians.items()})

# %% [markdown]
# ## Try it yourself
#
# 1. In `level`, take the largest sample in place of the root mean square. Which families change
#    places?
#
#    <details><summary>What happens</summary>
#
#    *(What you see when you run it, in a sentence or two. A test recomputes its numbers.)*
#
#    </details>
#
# 2. Let `families` be the sources of the notes, and give the figure as many rows. What can you not
#    conclude from it?
#
#    <details><summary>What happens</summary>
#
#    *(As above.)*
#
#    </details>
#
# *(Two to four changes, each naming the cell and what to watch.)*
#
# ## What you learned
#
# - The level of a note is a logarithm of its root mean square.
# - A number that overlaps between families tells a model something, and not enough.
#
# ## Next
#
# [The features](04_features.ipynb) say more than a level does. *(One sentence and a link.)*
#
# ---
#
# **Thesis sections covered**: 3.1. Done differently: the thesis does not look at levels. *(What the
# chapter does differently from the thesis, and why.)*
