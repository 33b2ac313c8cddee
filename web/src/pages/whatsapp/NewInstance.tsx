/* How a number comes in: the choice, the history that can be asked for only now, and by hand. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import { useT } from "../../i18n";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import {
	Button,
	buttonClass,
	Check,
	Field,
	FormError,
	Icon,
	Notice,
	Page,
	Panel,
	ui,
	useFaults,
} from "../../ui";
import { texts } from "./messages";
import { Signup } from "./Signup";
import css from "./whatsapp.module.css";

const MODES = ["coexistence", "cloud_api"] as const;

export function NewInstance() {
	const t = useT(texts);
	const { slug, can } = useSession();
	const asked = new URLSearchParams(useSearch()).get("numero") ?? "";
	const [, navigate] = useLocation();
	const cache = useQueryClient();
	const say = useToast();
	const [mode, setMode] = useState<(typeof MODES)[number]>("coexistence");
	const [history, setHistory] = useState(true);
	const [form, setForm] = useState({
		displayPhoneNumber: "",
		phoneNumberId: asked,
		wabaId: "",
		accessToken: "",
	});
	const set = (name: keyof typeof form) => (e: { target: { value: string } }) =>
		setForm({ ...form, [name]: e.target.value });
	const save = useMutation({
		mutationFn: () =>
			api.post("/api/clients/{slug}/connections", {
				path: { slug },
				body: {
					kind: "whatsapp",
					mode,
					phoneNumberId: form.phoneNumberId.trim(),
					wabaId: form.wabaId.trim(),
					displayPhoneNumber: form.displayPhoneNumber.trim(),
					historySync: mode === "coexistence" && history,
					...(form.accessToken.trim() === "" ? {} : { accessToken: form.accessToken.trim() }),
				},
			}),
		onSuccess: ({ connection }) => {
			void cache.invalidateQueries({ queryKey: keys.connections(slug) });
			say(t("new.saved"));
			navigate(`/${slug}/whatsapp/${connection.id}`);
		},
	});
	const fault = useFaults(save.error, {
		displayPhoneNumber: t("wrong.number"),
		phoneNumberId: t("wrong.digits"),
		wabaId: t("wrong.digits"),
		accessToken: t("wrong.token"),
	});
	/* Without it the number of another country would come of it; whoever writes it in digits alone may have it. */
	const typed = form.displayPhoneNumber.trim();
	const lacksCountry = /^[^+]*\d[^+]*$/.test(typed) && !/^00|(\d\D*){12}/.test(typed);
	const [tried, setTried] = useState(false);
	const wrongDigits = (text: string) => (/^\s*\d*\s*$/.test(text) ? undefined : t("wrong.digits"));
	const ready = [form.displayPhoneNumber, form.phoneNumberId, form.wabaId].every((x) => x.trim() !== "");
	const back = (
		<Link className={buttonClass()} href={`/${slug}/whatsapp`}>
			<Icon name="left" />
			{t("backAll")}
		</Link>
	);
	if (!can("admin"))
		return (
			<Page title={t("new")} action={back}>
				<Notice tone="amber">{t("new.forbidden")}</Notice>
			</Page>
		);
	return (
		<Page title={t("new")} action={back}>
			<form
				className={css.narrow}
				onSubmit={(e: SyntheticEvent) => {
					e.preventDefault();
					setTried(true);
					if (!lacksCountry) save.mutate();
				}}
			>
				<Panel title={t("new.how")}>
					<div className={ui.stack}>
						<fieldset className={css.choices}>
							<legend className="sr-only">{t("new.how")}</legend>
							{MODES.map((m) => (
								<label key={m} className={css.choice}>
									<input
										type="radio"
										name="mode"
										value={m}
										checked={mode === m}
										onChange={() => setMode(m)}
									/>
									<span>
										<strong>{t(`new.${m}`)}</strong>
										<br />
										<span className={ui.hint}>{t(`new.${m}.hint`)}</span>
									</span>
								</label>
							))}
						</fieldset>
						{mode === "coexistence" && (
							<Check
								label={t("new.history")}
								hint={t("new.history.hint")}
								checked={history}
								onChange={(e) => setHistory(e.target.checked)}
							/>
						)}
						<Signup mode={mode} history={history} />
					</div>
				</Panel>
				<Panel title={t("new.byHand")}>
					<div className={ui.stack}>
						<p className={ui.muted}>{t("new.byHand.text")}</p>
						<div className={css.form}>
							<Field
								label={t("number")}
								hint={t("new.number.hint")}
								error={
									tried && lacksCountry ? t("wrong.country") : fault("displayPhoneNumber")
								}
							>
								{(ids) => (
									<input
										{...ids}
										type="tel"
										required
										autoComplete="off"
										value={form.displayPhoneNumber}
										onChange={set("displayPhoneNumber")}
									/>
								)}
							</Field>
							<Field
								label={t("phoneNumberId")}
								error={fault("phoneNumberId") ?? wrongDigits(form.phoneNumberId)}
							>
								{(ids) => (
									<input
										{...ids}
										inputMode="numeric"
										required
										autoComplete="off"
										value={form.phoneNumberId}
										onChange={set("phoneNumberId")}
									/>
								)}
							</Field>
							<Field label={t("wabaId")} error={fault("wabaId") ?? wrongDigits(form.wabaId)}>
								{(ids) => (
									<input
										{...ids}
										inputMode="numeric"
										required
										autoComplete="off"
										value={form.wabaId}
										onChange={set("wabaId")}
									/>
								)}
							</Field>
							<Field label={t("token")} hint={t("new.token.hint")} error={fault("accessToken")}>
								{(ids) => (
									<input
										{...ids}
										type="password"
										autoComplete="off"
										value={form.accessToken}
										onChange={set("accessToken")}
									/>
								)}
							</Field>
						</div>
						<FormError error={save.error} inPlace={Object.keys(form)} />
						<div>
							<Button kind="primary" type="submit" disabled={!ready || save.isPending}>
								{t("new.save")}
							</Button>
						</div>
					</div>
				</Panel>
			</form>
		</Page>
	);
}
