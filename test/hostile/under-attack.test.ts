/** The attacks that did the most harm once, and liars, for two seconds each; `npm run test:attacks-nightly` has all of them. */
import { testUnder } from "./under.ts";

const names = [
  "TCP connections without a byte",
  "HTTP/1.1 pipelining, unread",
  "HTTP/2 windows shut",
  "API servers that lie",
  "CAs that lie",
];
testUnder(names, 2);
