/** The only script that is served without the token: it takes that from the link, and asks for the others with it. */

const token = location.hash.slice(1);
const say = (text: string): void => {
  document.querySelector("#status")!.textContent = text;
};

if (token === "") say("This address lacks its end. Open the whole link that nestling shows.");
else {
  document.cookie = `nestling-${location.port}=${token}; SameSite=Strict; Path=/`;
  import("./main.js").catch(() => say("This link is not valid (any longer). Open the one that nestling shows now."));
}
export {};
