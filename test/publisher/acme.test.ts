import assert from "node:assert/strict";
import { test } from "node:test";
import { serveByAcme } from "../support/acme-publisher.ts";
import { maxWait, until } from "../support/until.ts";

for (const challenge of ["http-01", "tls-alpn-01"] as const) {
  test(`serve gets its certificate by ${challenge} from its own listeners, and keeps it through a restart`, async (t) => {
    const { start, fetchKeys, logger } = await serveByAcme(t, challenge);
    const first = await start();
    await first.publisher.ready(AbortSignal.timeout(maxWait)).catch(async (error: unknown) => {
      await first.close(0);
      throw new Error(JSON.stringify(logger.lines), { cause: error });
    });
    const certificate = await fetchKeys();
    await first.close(0);
    const second = await start();
    await second.publisher.ready(AbortSignal.timeout(maxWait));
    // The same certificate: a restart orders no new one.
    assert.equal(await fetchKeys(), certificate);
    await second.close(0);
  });
}

test("while there is no certificate, status says what the CA answered, and when it is asked next", async (t) => {
  const { start, ca } = await serveByAcme(t, "http-01");
  await ca.close();
  const serving = await start();
  t.after(() => serving.close(0));
  const certificate = () => serving.publisher.status().issuers[0]?.certificate;
  await until("the next attempt is known", () => certificate()?.failing?.nextAttempt);
  const { notAfter, failing } = certificate() ?? {};
  assert.equal(notAfter, undefined);
  assert.match(failing?.message ?? "", /ECONNREFUSED/u);
  assert.ok((failing?.nextAttempt ?? 0) > Date.now());
  assert.match(
    serving.publisher.status().unready.join("\n"),
    /There is no certificate yet\. At .*ECONNREFUSED.* The next attempt is at /u,
  );
});
