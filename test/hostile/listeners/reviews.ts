const review = (pod: object, namespace: string): string =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      namespace,
      operation: "CREATE",
      resource: { group: "", version: "v1", resource: "pods" },
      object: pod,
    },
  });

let made = 0;

/** Of a pod that an API server would never send: its ServiceAccount is not there. */
export function namelessReview(): string {
  made += 1;
  return review({ spec: { serviceAccountName: `none-${process.pid}-${made}`, containers: [] } }, "shop");
}

/** Of a pod with so many containers, filled up to so many bytes. */
export function largeReview(count: number, bytes = 0): string {
  const containers = Array.from({ length: count }, (_, index) => ({
    name: `c${index}`,
    image: "registry.example.com/a",
  }));
  const pod = {
    metadata: { annotations: { fill: "x".repeat(bytes) } },
    spec: { serviceAccountName: "none", containers },
  };
  return review(pod, "shop");
}

/** Of an ordinary pod, of about 20 KB, whose ServiceAccount is followed by default. */
export function goodReview(serviceAccountName = "web"): string {
  const env = Array.from({ length: 200 }, (_, index) => ({
    name: `VARIABLE_${index}`,
    value: "x".repeat(60),
  }));
  const spec = {
    serviceAccountName,
    containers: [{ name: "app", image: "registry.example.com/app", env }],
  };
  return review({ metadata: { name: "web-1", namespace: "shop" }, spec }, "shop");
}
