import { test } from "node:test";
import { accepts, refuses, texts } from "../fixture.ts";

const refusal = { rule: "token-critical-headers", code: "InvalidIdentityToken", text: texts.notAJwt };

for (const name of ["exp", "http://example.test/extension"]) {
  test(`crit that names ${name}`, () => refuses({ header: { crit: [name], [name]: 1 } }, refusal));
}

test("unknown members that are not critical are ignored", () =>
  accepts({ header: { "http://example.test/extension": 1 } }));
