// Node alone cannot read the mock's TypeScript; vite's module runner can.
import { runnerImport } from 'vite';

await runnerImport(new URL('./main.ts', import.meta.url).pathname);
