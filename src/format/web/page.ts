/** The page's document. Every address in it is relative, and its policy lets it speak to its own server alone. */
import { html } from "../../base/html.js";

const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src blob: data:; media-src blob:";

/** @param name the child's */
export const pageHtml = (name: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${name}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="code/style.css" />
      </head>
      <body>
        <main>
          <h1>${name}</h1>
          <p id="status" role="status">Loading the classifier.</p>
          <p class="controls">
            <label class="button"><input id="file" type="file" accept="image/*" />Choose a picture</label>
            <button id="use-camera" type="button" hidden>Use the camera</button>
          </p>
          <div class="pair">
            <div class="frame">
              <span>or drop one here</span>
              <img id="picture" alt="" hidden />
              <video id="camera" muted playsinline aria-label="What the camera sees" hidden></video>
            </div>
            <section aria-labelledby="answers-title">
              <h2 id="answers-title">Classes</h2>
              <ol id="answers"></ol>
              <p id="time"></p>
            </section>
          </div>
          <p class="small">The middle square of a picture is classified, in this browser: nothing is sent anywhere.</p>
          <details>
            <summary>What is certified</summary>
            <dl id="facts"></dl>
          </details>
          <noscript>This page needs JavaScript.</noscript>
        </main>
        <script type="module" src="code/main.js"></script>
      </body>
    </html> `.text;
