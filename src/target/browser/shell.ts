/** The page without its scripts: all that anyone gets who doesn't have the link's token. */

/**
 * @param script path of the first script
 * @param runtime path of onnxruntime-web's files
 */
export const shell = (script: string, runtime: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>nestling</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 } th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid #8884 }
th { font-weight: 600 } td.number { font-variant-numeric: tabular-nums } #warning { color: #b45309 } #warning:empty { display: none }
</style></head><body data-runtime="${runtime}">
<h1>nestling</h1>
<p><strong id="status" role="status">Loading.</strong></p>
<p id="warning"></p>
<table id="models" hidden><thead><tr><th>model</th><th>rounds</th><th>last</th><th>fastest</th></tr></thead><tbody></tbody></table>
<table id="facts"><tbody></tbody></table>
<p>Keep this page open and in front, with the screen on, and the device plugged in or charged. It times models for the nestling whose link you
opened, and sends times and outputs there, nowhere else.</p>
<noscript>This page needs JavaScript.</noscript>
<script type="module" src="${script}"></script>
</body></html>
`;
