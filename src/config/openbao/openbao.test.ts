import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { minimal, oneProblem, parse, problemsOf } from "../../../test/support/config-text.ts";

const server = (more = "", address = "https://bao.example.com:8200"): string =>
  `${minimal}openbao:\n  - {address: "${address}", mount: podtrust${more}}\n`;
const role = "{name: web, serviceAccounts: [shop/web], policies: [web-read]}";

describe("the openbao section of a config", () => {
  test("wants its address as audience, and takes names of files as every section does", async () => {
    const { openbao } = await parse(server(`, caFile: ca.pem, roles: [${role}]`, "https://bao.example.com/"));
    assert.deepEqual(openbao, [
      {
        address: "https://bao.example.com",
        caFile: "/etc/podtrust/ca.pem",
        mount: "podtrust",
        audience: "https://bao.example.com",
        roles: [{ name: "web", serviceAccounts: ["shop/web"], policies: ["web-read"] }],
      },
    ]);
    assert.equal((await parse(server(", audience: bao"))).openbao[0]?.audience, "bao");
  });

  test("plain http is for loopback alone", async () => {
    for (const host of ["127.0.0.1", "[::1]", "localhost"])
      assert.deepEqual(await problemsOf(server("", `http://${host}:8200`)), [], host);
    for (const host of ["bao.example.com", "10.0.0.1", "127.0.0.1.example.com"])
      assert.match((await oneProblem(server("", `http://${host}:8200`))).message, /plain http/u, host);
  });

  test("an address with a password, a query or another scheme is none", async () => {
    for (const address of [
      "https://bao.example.com/?a=b",
      "https://bao.example.com#a",
      "ldap://bao",
      "bao:8200",
    ])
      assert.equal((await oneProblem(server("", address))).key, "openbao[0].address", address);
    const { message } = await oneProblem(server("", "https://root:hvs@bao.example.com"));
    assert.match(message, /looks like a password in a URL/u);
    assert.doesNotMatch(message, /hvs/u);
  });

  test("the policy root cannot be given to a role", async () => {
    const { key, accepted } = await oneProblem(server(`, roles: [${role.replace("web-read", "root")}]`));
    assert.equal(key, "openbao[0].roles[0].policies[0]");
    assert.match(accepted ?? "", /not root/u);
  });

  test("mounts and names are of letters that OpenBao keeps as they are", async () => {
    for (const mount of ["clusters/prod", "jwt", "a_b-c"])
      assert.deepEqual(await problemsOf(server().replace("mount: podtrust", `mount: ${mount}`)), [], mount);
    for (const mount of ["auth/../sys", "JWT", "/jwt", "jwt/", "a b", "-a"])
      assert.equal(
        (await oneProblem(server().replace("mount: podtrust", `mount: "${mount}"`))).key,
        "openbao[0].mount",
        mount,
      );
    for (const name of ["Web", "web/db", "web-"])
      assert.equal(
        (await oneProblem(server(`, roles: [${role.replace("name: web", `name: "${name}"`)}]`))).key,
        "openbao[0].roles[0].name",
        name,
      );
  });

  test("a mount, a role, and what a role lists stand once", async () => {
    const text = `${server(`, roles: [${role}, {name: web, serviceAccounts: [shop/db, shop/db], policies: [a, a]}]`)}  - {address: "https://bao.example.com:8200", mount: podtrust}\n`;
    assert.deepEqual(
      (await problemsOf(text)).map(({ key }) => key),
      [
        "openbao[0].roles[1].name",
        "openbao[0].roles[1].serviceAccounts[1]",
        "openbao[0].roles[1].policies[1]",
        "openbao[1].address",
      ],
    );
  });
});
