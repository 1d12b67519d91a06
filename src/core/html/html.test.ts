import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as check, property, string } from "fast-check";
import { html, inline } from "./html.ts";

describe("the page's HTML", () => {
  test("every inserted text is escaped, and pieces of HTML are not", () => {
    const inner = html`<b title="${'a"b'}">${"<&'>"}</b>`;
    assert.equal(inner.markup, '<b title="a&quot;b">&lt;&amp;&#39;&gt;</b>');
    assert.equal(
      html`<p>${inner}${[inner, html`!`]}${undefined}${7}</p>`.markup,
      `<p>${inner.markup}${inner.markup}!7</p>`,
    );
  });

  test("control and direction characters cannot rearrange what is read", () => {
    assert.equal(html`${"a\u202Eb\u0007c\nd"}`.markup, "a\uFFFDb\uFFFDc\nd");
  });

  test("no text can open an element or leave an attribute", () => {
    check(
      property(string({ unit: "binary" }), (text) => {
        assert.doesNotMatch(html`${text}`.markup, /[<>"']/u);
      }),
    );
  });

  test("an inline style or script cannot end its own element", () => {
    assert.equal(inline("style", "p {}").markup, "<style>p {}</style>");
    assert.throws(() => inline("script", "'</script>'"), TypeError);
  });
});
