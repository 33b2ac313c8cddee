/*
 * A token becomes a cookie that scripts cannot read. What always holds: the token is sent once, to
 * our own host, and kept nowhere here.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { useSearch } from "wouter";
import { api, ApiError } from "../api/client";
import { keys } from "../api/keys";
import { useT } from "../i18n";
import { Button, Field, FormError, Icon, Notice, Panel } from "../ui";
import { Tools } from "./Frame";
import { loginMessages } from "./loginMessages";
import css from "./shell.module.css";

export function Login() {
	const t = useT(loginMessages);
	const cache = useQueryClient();
	const [token, setToken] = useState("");
	const enter = useMutation({
		mutationFn: () => api.post("/api/login", { body: { token: token.trim() } }),
		onSuccess: () => cache.resetQueries({ queryKey: keys.me }),
	});
	const expired = new URLSearchParams(useSearch()).get("link") === "expired";
	const submit = (e: SyntheticEvent) => {
		e.preventDefault();
		if (token.trim() !== "") enter.mutate();
	};
	const error = enter.error instanceof ApiError ? enter.error : null;
	return (
		<main className={css.login}>
			<div className={css.loginBox}>
				<div className={css.loginTools}>
					<div className={css.loginBrand}>
						<Icon name="chat" size={28} />
						Recado
					</div>
					<div>
						<Tools />
					</div>
				</div>
				<Panel label={t("title")}>
					<form onSubmit={submit} className={css.loginBox}>
						<h1>{t("title")}</h1>
						<Field label={t("token")} hint={t("hint")}>
							{(ids) => (
								<input
									{...ids}
									type="password"
									autoComplete="current-password"
									autoFocus
									required
									spellCheck={false}
									value={token}
									onChange={(e) => setToken(e.target.value)}
								/>
							)}
						</Field>
						{expired && !enter.isError && (
							<Notice tone="amber" role="alert">
								{t("expired")}
							</Notice>
						)}
						{error?.status === 401 && (
							<Notice tone="red" role="alert">
								{t("wrong")}
							</Notice>
						)}
						{error?.status === 429 && (
							<Notice tone="amber" role="alert">
								{t("locked", { n: error.retryAfterSeconds ?? 60 })}
							</Notice>
						)}
						{error !== null && error.status !== 401 && error.status !== 429 && (
							<FormError error={error} />
						)}
						<Button
							kind="primary"
							type="submit"
							disabled={enter.isPending || token.trim() === ""}
						>
							{enter.isPending ? t("entering") : t("enter")}
						</Button>
					</form>
				</Panel>
			</div>
		</main>
	);
}
