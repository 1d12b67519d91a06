import assert from "node:assert/strict";
import { test } from "node:test";
import { accessOf, resourceRequest } from "./route.ts";

test("paths become the requests that Kubernetes' authorizer sees", () => {
  const cases: readonly (readonly [
    method: string,
    path: string,
    expected: readonly unknown[] | undefined,
  ])[] = [
    ["GET", "/api/v1/namespaces", ["list", "", "namespaces", undefined, undefined, undefined]],
    ["GET", "/api/v1/namespaces/a", ["get", "", "namespaces", undefined, "a", "a"]],
    ["DELETE", "/api/v1/namespaces/a", ["delete", "", "namespaces", undefined, "a", "a"]],
    ["GET", "/api/v1/serviceaccounts", ["list", "", "serviceaccounts", undefined, undefined, undefined]],
    [
      "POST",
      "/api/v1/namespaces/a/serviceaccounts",
      ["create", "", "serviceaccounts", undefined, "a", undefined],
    ],
    [
      "POST",
      "/api/v1/namespaces/a/serviceaccounts/b/token",
      ["create", "", "serviceaccounts", "token", "a", "b"],
    ],
    [
      "POST",
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      ["create", "authorization.k8s.io", "selfsubjectaccessreviews", undefined, undefined, undefined],
    ],
    ["GET", "/api/v1", undefined],
    ["GET", "/api/v1/", undefined],
    ["GET", "/openid/v1/jwks", undefined],
    ["GET", "/api/v1/namespaces/%ff", undefined],
    ["GET", "/api/v1/namespaces/a/serviceaccounts/b/token/c", undefined],
  ];
  for (const [method, path, expected] of cases) {
    const wanted = resourceRequest(method, path);
    const seen = wanted && [wanted.verb, wanted.group, wanted.resource];
    const rest = wanted && [wanted.subresource, wanted.namespace, wanted.name];
    assert.deepEqual(seen && rest && [...seen, ...rest], expected, path);
  }
});

test("a request that is for no resource is authorized by its path", () => {
  assert.deepEqual(accessOf("GET", "/metrics", undefined), { verb: "get", path: "/metrics" });
});
