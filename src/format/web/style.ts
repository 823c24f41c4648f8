/** How the page looks: plain, light or dark as the browser is, one column on a phone. */
export const pageStyle = `:root { color-scheme: light dark; --paper: #fff; --ink: #16181c; --soft: #5a6070; --line: #d4d7dd; --accent: #1f5fbf }
@media (prefers-color-scheme: dark) { :root { --paper: #16181c; --ink: #eceef2; --soft: #a3a9b6; --line: #41454d; --accent: #8ab8ff } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink) }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 0 0 0.5rem }
[hidden] { display: none !important }
#status { margin: 0.25rem 0 1rem; color: var(--soft); overflow-wrap: anywhere }
.controls { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 0 0 1rem }
button, .button { font: inherit; padding: 0.5rem 1rem; border: 1px solid var(--accent); border-radius: 0.5rem; background: none; color: var(--accent); cursor: pointer }
.button { position: relative; background: var(--accent); color: var(--paper) }
.button input { position: absolute; width: 1px; height: 1px; opacity: 0 }
button:focus-visible, .button:focus-within, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1.5rem }
.frame { position: relative; aspect-ratio: 1; border: 2px dashed var(--line); border-radius: 0.75rem; overflow: hidden; display: grid; place-items: center; color: var(--soft) }
.dragged .frame { border-color: var(--accent) }
.frame img, .frame video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; background: var(--paper) }
ol { list-style: none; margin: 0; padding: 0 }
li { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; margin-bottom: 0.75rem }
li:first-child { font-weight: 600 }
li span { overflow-wrap: anywhere }
data, #time { font-variant-numeric: tabular-nums }
.bar { grid-column: 1 / -1; height: 0.4rem; border-radius: 0.2rem; background: linear-gradient(var(--accent) 0 0) 0 / var(--share) 100% no-repeat, var(--line) }
#time, .small, dl { color: var(--soft); font-size: 0.875rem }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 1rem }
dd { margin: 0; overflow-wrap: anywhere }
`;
