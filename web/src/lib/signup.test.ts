import { describe, expect, test } from "vitest";
import { isOfMeta, loginOptions, readSignupEvent } from "./signup";

const META = "https://www.facebook.com";
const say = (event: string, data: object) =>
	JSON.stringify({ type: "WA_EMBEDDED_SIGNUP", event, version: 3, data });

describe("what Meta's window says", () => {
	test("a number of the Business App ends without its id", () => {
		expect(
			readSignupEvent(META, say("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", { waba_id: "900" })),
		).toEqual({ kind: "finished", wabaId: "900", phoneNumberId: null });
	});
	test("a number of the Cloud API ends with it", () => {
		expect(
			readSignupEvent(
				META,
				say("FINISH", { waba_id: "900", phone_number_id: "100", business_id: "3" }),
			),
		).toEqual({ kind: "finished", wabaId: "900", phoneNumberId: "100" });
	});
	test("who leaves, and where", () => {
		expect(readSignupEvent(META, say("CANCEL", { current_step: "PHONE_NUMBER_SETUP" }))).toEqual({
			kind: "cancelled",
			step: "PHONE_NUMBER_SETUP",
		});
	});
	test("an error comes as a cancellation with words", () => {
		expect(readSignupEvent(META, say("CANCEL", { error_message: "no", error_id: 524126 }))).toEqual({
			kind: "failed",
			message: "no",
			id: "524126",
		});
	});
	test("others are not listened to", () => {
		const finish = say("FINISH", { waba_id: "900" });
		for (const origin of [
			"https://facebook.com.evil.example",
			"https://evilfacebook.com",
			"http://www.facebook.com",
			"null",
			"",
		]) {
			expect(isOfMeta(origin), origin).toBe(false);
			expect(readSignupEvent(origin, finish), origin).toBeNull();
		}
		expect(isOfMeta("https://business.facebook.com")).toBe(true);
	});
	test("nonsense is nothing", () => {
		for (const data of [
			"",
			"{",
			"null",
			"[]",
			say("FINISH", {}),
			say("FINISH", { waba_id: "9 OR 1" }),
			7,
			null,
		])
			expect(readSignupEvent(META, data)).toBeNull();
	});
});

test("the window is opened for what was chosen", () => {
	expect(loginOptions("7", "coexistence")).toMatchObject({
		config_id: "7",
		response_type: "code",
		extras: { featureType: "whatsapp_business_app_onboarding", sessionInfoVersion: "3" },
	});
	expect(loginOptions("7", "cloud_api")).toMatchObject({ extras: { featureType: "" } });
});
