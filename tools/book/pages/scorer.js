/* How the search ranks (Sphinx's searchtools.js): the glossary first, then headings, then text. */
var Scorer = {
  // A result is [page, title, anchor, description, score, file].
  score: ([page, , anchor, , score]) => score + (page === "book/glossary" ? 40 : 0) + (anchor ? 5 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 25,
  partialTitle: 12,
  term: 5,
  partialTerm: 2,
};
