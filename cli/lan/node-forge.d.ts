/** The package has no types of its own; these are what is used of it. */
declare module 'node-forge' {
  interface Name {
    readonly name: string;
    readonly value: string;
  }
  interface Certificate {
    publicKey: unknown;
    serialNumber: string;
    readonly validity: { notBefore: Date; notAfter: Date };
    setSubject(names: readonly Name[]): void;
    setIssuer(names: readonly Name[]): void;
    setExtensions(extensions: readonly object[]): void;
    sign(key: unknown, digest: unknown): void;
  }
  const forge: {
    readonly pki: {
      createCertificate(): Certificate;
      certificateToPem(certificate: Certificate): string;
      privateKeyFromPem(pem: string): unknown;
      publicKeyFromPem(pem: string): unknown;
    };
    readonly md: { readonly sha256: { create(): unknown } };
  };
  export default forge;
}
