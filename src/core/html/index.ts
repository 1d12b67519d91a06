export { type Html, html, inline } from "./html.ts";
