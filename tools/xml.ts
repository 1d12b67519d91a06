const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A text for XML, between tags and in an attribute's double quotes. */
export const escapedXml = (text: string): string => text.replaceAll(/[&<>"]/gu, (one) => escapes[one] ?? one);
