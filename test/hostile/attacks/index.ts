import type { Attack } from "./attack.ts";
import * as connections from "./connections.ts";
import * as http1 from "./http1.ts";
import * as http2 from "./http2.ts";

/** All attacks of hostile clients on the publisher's network face, by what a report calls them. */
export const attacks: Readonly<Record<string, Attack>> = {
  "TCP connections without a byte": connections.halfOpen,
  "TLS handshakes a byte at a time": connections.slowHandshake,
  "handshakes, then silence": connections.silentAfterHandshake,
  "one request, then idle": connections.idleAfterAnswer,
  "handshakes without end": connections.handshakeFlood,
  "acme-tls/1 connections that stay": connections.acmeTls,
  "abrupt ends": connections.abruptEnds,
  "HTTP/1.1 headers a field at a time": http1.slowHeaders,
  "HTTP/1.1 pipelining, unread": http1.pipeliningUnread,
  "HTTP/1.1 pipelining, slowly read": http1.pipeliningSlowlyRead,
  "header fields that are hard to read": http1.heavyFields,
  "malformed HTTP/1.1": http1.malformed,
  "HTTP/2 windows shut": http2.windowsShut,
  "HTTP/2 sessions unread": http2.sessionsUnread,
  "HTTP/2 windows by the byte": http2.windowsByTheByte,
  "HTTP/2 WINDOW_UPDATE flood": http2.windowUpdateFlood,
  "HTTP/2 PING flood": http2.pingFlood,
  "HTTP/2 SETTINGS flood": http2.settingsFlood,
  "HTTP/2 PRIORITY flood": http2.priorityFlood,
  "HTTP/2 CONTINUATION flood": http2.continuationFlood,
  "HTTP/2 rapid reset": http2.rapidReset,
  "HTTP/2 random frames": http2.randomFrames,
};
