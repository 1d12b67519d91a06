export { colours } from "./colours.ts";
export { type Html, html, inline } from "./html.ts";
