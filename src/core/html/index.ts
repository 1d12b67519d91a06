export { colours } from "./colours.ts";
export { hashSource, type Html, html, inline } from "./html.ts";
