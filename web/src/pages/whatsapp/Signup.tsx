/* From the button to a connected number: Meta's window, and what the server does with its code. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { api } from "../../api/client";
import { keys } from "../../api/keys";
import type { Onboarded } from "../../api/types";
import { useLanguage, useT } from "../../i18n";
import { metaReasons } from "../../i18n/meta";
import type { SignupMode } from "../../lib/signup";
import { useSession } from "../../shell/session";
import { useToast } from "../../shell/toasts";
import { Button, ErrorState, FormError, Icon, Notice, Skeleton, ui } from "../../ui";
import { signUp, type SignupEnd } from "./facebook";
import { texts } from "./messages";
import { untilEnded } from "./onboarding";

type Code = Extract<SignupEnd, { kind: "code" }>;
type Ended = Exclude<SignupEnd, { kind: "code" }>;

/** What was chosen when the window was opened. */
interface Chosen {
	mode: SignupMode;
	history: boolean;
}

export function Signup({ mode, history }: { mode: SignupMode; history: boolean }) {
	const t = useT(texts);
	const meta = useT(metaReasons);
	const { language } = useLanguage();
	const { slug } = useSession();
	const [, navigate] = useLocation();
	const cache = useQueryClient();
	const say = useToast();
	const [code, setCode] = useState<(Code & Chosen) | null>(null);
	/* Whoever leaves waits no longer; the server goes on. */
	const left = useRef(new AbortController());
	useEffect(() => {
		const here = new AbortController();
		left.current = here;
		return () => here.abort();
	}, []);
	const settings = useQuery({
		queryKey: keys.onboarding,
		queryFn: ({ signal }) => api.get("/api/onboarding", { signal }),
	});
	const finish = useMutation({
		mutationFn: async (of: Code & Chosen): Promise<Onboarded> => {
			const { signal } = left.current;
			const begun = await api.post("/api/clients/{slug}/connections/onboard", {
				path: { slug },
				body: {
					code: of.code,
					wabaId: of.wabaId,
					...(of.phoneNumberId === null ? {} : { phoneNumberId: of.phoneNumberId }),
					mode: of.mode,
					historySync: of.mode === "coexistence" && of.history,
				},
				signal,
			});
			return await untilEnded(slug, begun, signal);
		},
		onSuccess: ({ connection, onboarding }) => {
			void cache.invalidateQueries({ queryKey: keys.connections(slug) });
			if (left.current.signal.aborted || onboarding.status !== "done" || connection === null) return;
			say(t("new.connected"));
			navigate(`/${slug}/whatsapp/${connection.id}`);
		},
	});
	const open = useMutation({
		mutationFn: async (): Promise<Ended | null> => {
			const s = settings.data;
			if (s?.appId == null || s.configId === null) throw new Error("not configured");
			const chosen = { mode, history };
			const end = await signUp(
				{ appId: s.appId, configId: s.configId, graphVersion: s.graphVersion ?? "v24.0" },
				mode,
			);
			if (end.kind !== "code") return end;
			if (left.current.signal.aborted) return null;
			setCode({ ...end, ...chosen });
			finish.mutate({ ...end, ...chosen });
			return null;
		},
	});
	if (settings.isPending) return <Skeleton lines={2} />;
	if (settings.isError) return <ErrorState error={settings.error} retry={() => void settings.refetch()} />;
	const { ready, missing } = settings.data;
	const failed = finish.data?.onboarding.status === "failed" ? finish.data.onboarding : null;
	const reason = failed?.error?.reason ?? null;
	const mayGoOn = code !== null && (finish.isError || (failed !== null && failed.step !== "token"));
	return (
		<div className={ui.stack}>
			<div>
				<Button
					kind="primary"
					disabled={!ready || finish.isPending}
					aria-describedby="signup-state"
					onClick={() => {
						finish.reset();
						open.mutate();
					}}
				>
					{t("new.signup")}
				</Button>
			</div>
			<p id="signup-state" className={ui.hint} role="status">
				{!ready &&
					t("new.signup.missing", {
						names: new Intl.ListFormat(language).format(missing),
					})}
				{open.isPending && t("new.signup.open")}
				{finish.isPending && t("new.signup.finishing")}
				{open.data?.kind === "cancelled" && t("new.signup.cancelled")}
			</p>
			{open.isError && <Notice tone="red">{t("new.signup.blocked")}</Notice>}
			{open.data?.kind === "failed" && (
				<Notice tone="red">{t("new.signup.failed", { text: open.data.message })}</Notice>
			)}
			{open.data?.kind === "incomplete" && <Notice tone="red">{t("new.signup.incomplete")}</Notice>}
			{failed !== null && (
				<Notice tone="red">
					<div className={ui.stack}>
						<p>
							{t(`new.step.${failed.step}`)} {reason !== null && meta(reason)}
						</p>
						{failed.error?.message != null && (
							<p className={ui.muted}>{t("new.signup.said", { text: failed.error.message })}</p>
						)}
					</div>
				</Notice>
			)}
			<FormError error={finish.error} />
			{mayGoOn && (
				<div>
					<Button onClick={() => finish.mutate(code)}>
						<Icon name="right" />
						{t("new.signup.goOn")}
					</Button>
				</div>
			)}
		</div>
	);
}
