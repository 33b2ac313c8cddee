import { describe, expect, it } from "vitest";
import { META_SETTINGS, missingSettings } from "./settings";

describe("the settings that are missing", () => {
	it("are those without a value, secrets that are not set, and those that are not told", () => {
		const settings = { META_APP_ID: "", META_APP_SECRET: "unset", META_VERIFY_TOKEN: "set" };
		expect(missingSettings(settings, META_SETTINGS)).toEqual([
			"META_APP_ID",
			"META_APP_SECRET",
			"META_CONFIG_ID",
		]);
	});
	it("are none where all are there", () => {
		const settings = {
			META_APP_ID: "1",
			META_APP_SECRET: "set",
			META_VERIFY_TOKEN: "set",
			META_CONFIG_ID: "2",
		};
		expect(missingSettings(settings, META_SETTINGS)).toEqual([]);
	});
});
