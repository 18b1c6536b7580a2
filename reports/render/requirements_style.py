"""The style of the page of requirements: wide and narrow, light and dark, on screen and on paper."""

STYLE = """
:root {
  --text: #1c2128; --soft: #59636e; --back: #fff; --card: #f6f8fa; --line: #d1d9e0; --link: #0757b8;
  --must: #b42318; --should: #8a5a00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --soft: #a4adb8; --back: #0d1117; --card: #161b22; --line: #343b44; --link: #6cb2ff;
    --must: #ff8f86; --should: #e3b341;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.9rem; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.35rem; }
header p { margin: .4rem 0 1.2rem; max-width: 48rem; color: var(--soft); }
header b { color: var(--text); }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em; }
code { padding: .1em .2em; border-radius: .25rem; background: var(--card); font: .88em ui-monospace, monospace; }
header code { padding: 0; background: none; }
article code { background: var(--back); }
nav { display: grid; gap: .35rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .5rem; }
nav div { display: grid; grid-template-columns: 15rem 1fr; gap: 1rem; }
nav .group { font-weight: 600; color: inherit; text-decoration: none; }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem .8rem; margin: 0; padding: 0; list-style: none; }
nav li a { font: .9em ui-monospace, monospace; text-decoration: none; white-space: nowrap; }
nav li a.must { font-weight: 700; }
article {
  margin: 0 0 1rem; padding: .9rem 1.1rem; border: 1px solid var(--line); border-left: .3rem solid var(--should);
  border-radius: .4rem; background: var(--card); scroll-margin-top: 1rem;
}
article.must { border-left-color: var(--must); }
article:target { outline: 2px solid var(--link); }
h3 { display: flex; align-items: baseline; gap: .6rem; margin: 0; font-size: 1rem; }
h3 a { font-family: ui-monospace, monospace; color: inherit; text-decoration: none; }
.level { font-size: .8rem; font-weight: 600; color: var(--should); }
.must .level { color: var(--must); }
.sentence { margin: .2rem 0 .8rem; font-size: 1.1rem; font-weight: 600; line-height: 1.4; }
dl { margin: 0; display: grid; gap: .45rem; }
dl div { display: grid; grid-template-columns: 9rem 1fr; gap: 1rem; }
dt { color: var(--soft); }
dd { margin: 0; }
dd ul { display: flex; flex-wrap: wrap; gap: .3rem; margin: .35rem 0; padding: 0; list-style: none; }
dd li {
  padding: .05rem .5rem; border: 1px solid var(--line); border-radius: .3rem; background: var(--back); font-size: .9rem;
}
dd .operations { display: block; }
dd .operations li { padding: 0; border: 0; background: none; font: .85rem/1.6 ui-monospace, monospace; }
summary { color: var(--link); cursor: pointer; font-size: .9rem; }
@media (max-width: 40rem) {
  body { padding: 1rem .75rem 3rem; }
  nav div, dl div { grid-template-columns: 1fr; gap: 0; }
  nav { gap: .7rem; }
  nav ul { gap: .25rem 1rem; }
  dl { gap: .6rem; }
  dt { font-size: .85rem; }
  article { padding: .8rem; }
}
@media print {
  :root {
    --text: #000; --soft: #444; --back: #fff; --card: #fff; --line: #bbb; --link: #000; --must: #000; --should: #000;
  }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  article { break-inside: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
  summary { list-style: none; color: inherit; }
}
"""
