/*
 * The tests in a browser (`npm run e2e`): one file at a time, since each has a server, a simulated
 * world and a browser of its own; no second try, since one that fails now and then has found something.
 */
import { defineConfig } from "vitest/config";

const { MEASURE, PICTURES } = process.env;
const kind = MEASURE !== undefined ? "measure" : PICTURES !== undefined ? "shots" : "spec";

export default defineConfig({
	test: {
		include: [`e2e/**/*.${kind}.ts`],
		globalSetup: ["e2e/postgres.ts"],
		fileParallelism: false,
		pool: "forks",
		retry: 0,
		testTimeout: 60_000,
		hookTimeout: 60_000,
		teardownTimeout: 30_000,
	},
});
