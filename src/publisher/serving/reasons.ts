const phrases: Readonly<Record<number, string>> = {
  200: "OK",
  304: "Not Modified",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  414: "URI Too Long",
  417: "Expectation Failed",
  421: "Misdirected Request",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

/** The reason phrase of a status used here (RFC 9110 §15, RFC 6585 §5). */
export function reasonPhrase(status: number): string {
  return phrases[status] ?? "";
}
