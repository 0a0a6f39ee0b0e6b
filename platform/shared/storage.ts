/** What the platform's storage knows: one bucket, one key. Nothing of value is behind them; the store is on loopback only. */
export const STORAGE = {
  bucket: 'openshow-uploads',
  region: 'us-east-1',
  credentials: { accessKeyId: 'openshow-local', secretAccessKey: 'openshow-local-secret' },
  /** A larger object is refused. */
  maxObjectBytes: 5 * 1024 * 1024,
} as const;
