import { test } from "node:test";
import { accepts, now, refuses } from "../fixture.ts";

for (const ahead of [301, 3600]) {
  test(`a token issued ${ahead} seconds from now`, () =>
    refuses(
      { claims: { iat: now + ahead, exp: now + 7200 } },
      {
        rule: "issued-in-past",
        code: "InvalidIdentityToken",
        text: `Token issued in the future: ${now + ahead}`,
      },
    ));
}

for (const ahead of [300, 276, 0, -86_400]) {
  test(`one issued ${ahead} seconds from now is accepted`, () => accepts({ claims: { iat: now + ahead } }));
}
