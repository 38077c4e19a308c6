/*
 * style.c
 *		The style of pages: one column of content with a narrow one for titles
 *		beside it, on a telephone below each other; light or dark as the reader
 *		has it; and for paper.
 *
 *		All pairs of colours for text have a contrast of 4.5 at least.
 */
#include "postgres.h"

#include "report/page.h"

#define LIGHT                                                                                      \
	"--paper:#fbfaf8;--card:#fff;--ink:#1e1d1b;--soft:#625d56;--line:#e6e2dc;--track:#ebe7e1;"     \
	"--weak:#b3ada3;--accent:#0f6673;--wash:#e4eff0;--s1:#dcebec;--s2:#aed2d5;--s3:#74b0b6;"       \
	"--s4:#378893;--s5:#0b5561;"
#define DARK                                                                                       \
	"--paper:#141618;--card:#1b1e21;--ink:#eceae6;--soft:#a9a59e;--line:#2c3035;--track:#2a2e33;"  \
	"--weak:#6c7077;--accent:#6bc6cf;--wash:#1d3236;--s1:#1e3539;--s2:#27535a;--s3:#36808a;"       \
	"--s4:#52a9b4;--s5:#8edbe3;"

const char page_style[] =
	":root{color-scheme:light dark;" LIGHT "}\n"
	"@media (prefers-color-scheme:dark){:root{" DARK "}}\n"
	"*{box-sizing:border-box}\n"
	"html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n"
	"body{margin:0 auto;padding:4rem 2rem 5rem;max-width:72rem;background:var(--paper);"
	"color:var(--ink);font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,"
	"\"Helvetica Neue\",\"Noto Sans\",Arial,sans-serif;overflow-wrap:anywhere;"
	"print-color-adjust:exact;-webkit-print-color-adjust:exact}\n"
	"h1,h2,h3,p,ul,ol,dl,dd,figure{margin:0;padding:0}\n"
	"ul,ol{list-style:none}\n"
	"bdi{unicode-bidi:isolate}\n"

	/* The header. */
	".over{color:var(--soft);font-size:.875rem}\n"
	"h1{margin:.25rem 0 1rem;font-size:2.75rem;line-height:1.1;font-weight:650;"
	"letter-spacing:-.022em}\n"
	".lead{max-width:40rem;font-size:1.1875rem;line-height:1.45;color:var(--soft)}\n"
	".lead time{color:var(--ink)}\n"
	".banner{margin-top:1.5rem;padding:.75rem 1rem;border-left:4px solid var(--accent);"
	"background:var(--wash);border-radius:0 6px 6px 0;font-weight:600}\n"
	".figures{display:flex;flex-wrap:wrap;gap:1.25rem 3.5rem;margin-top:2.5rem}\n"
	".figures dt{color:var(--soft);font-size:.875rem}\n"
	".figures dd{font-size:2rem;line-height:1.2;font-weight:600;letter-spacing:-.02em;"
	"font-variant-numeric:tabular-nums}\n"

	/* Sections. */
	"section{display:grid;grid-template-columns:13rem minmax(0,1fr);gap:0 3.5rem;"
	"margin-top:4rem;padding-top:1.5rem;border-top:1px solid var(--line)}\n"
	"h2{font-size:1.25rem;line-height:1.3;font-weight:650;letter-spacing:-.01em}\n"
	"h3{margin:2.25rem 0 .25rem;font-size:.875rem;font-weight:600;color:var(--accent)}\n"
	".body>h3:first-child{margin-top:.125rem}\n"
	".hint,.note,figcaption{color:var(--soft);font-size:.875rem;line-height:1.45}\n"
	".hint{margin-top:.5rem}\n"
	".body>p{max-width:40rem}\n"
	".body>p+*,.body>*+p{margin-top:1rem}\n"
	".nothing{color:var(--soft)}\n"
	".name{font-weight:600}\n"
	".tag{display:inline-block;margin-right:.25rem;padding:0 .5rem;border-radius:1rem;"
	"background:var(--wash);color:var(--accent);font-size:.8125rem;font-weight:600;"
	"line-height:1.6}\n"
	".pc,.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"

	/* Bars. */
	".bar{position:relative;display:block;height:.625rem;border-radius:.3125rem;"
	"background:var(--track)}\n"
	".bar i{position:absolute;inset:0 auto 0 0;min-width:2px;border-radius:inherit;"
	"background:var(--accent)}\n"
	".bar u{position:absolute;top:-3px;bottom:-3px;width:2px;margin-left:-1px;"
	"background:var(--paper)}\n"
	".bar u::after{content:\"\";position:absolute;inset:0 .5px;background:var(--soft)}\n"
	".bar.weak{height:.375rem}\n"
	".bar.weak i{background:var(--weak)}\n"
	".bar.both{height:.375rem;background:linear-gradient(var(--soft),var(--soft)) center/1px 100% "
	"no-repeat var(--track)}\n"
	".bar.both i{inset:0 auto}\n"
	".bar .less{background:var(--weak)}\n"

	/* Preferences and suggestions. */
	".pref,.offer{display:grid;align-items:start;gap:.25rem 2.5rem;padding:.875rem 0;"
	"border-bottom:1px solid var(--line);break-inside:avoid}\n"
	".pref{grid-template-columns:minmax(0,1.15fr) minmax(0,1fr) 9rem}\n"
	".offer{grid-template-columns:minmax(0,1fr) 12rem}\n"
	".pref:last-child,.offer:last-child{border-bottom:0}\n"
	".offers>:first-child{padding-top:0}\n"
	".strength{padding-top:.4rem}\n"
	".strength li,.score{display:grid;grid-template-columns:minmax(0,1fr) 3rem;gap:0 .75rem;"
	"align-items:center;line-height:1}\n"
	".strength li:first-child .pc,.score .pc{font-weight:600}\n"
	".score{padding-top:.25rem}\n"
	".strength .rival{margin-top:.625rem;color:var(--soft);font-size:.8125rem}\n"
	".rival .of{grid-column:1;grid-row:2;padding-top:.3125rem;line-height:1.2}\n"
	".fade{display:block;width:100%;height:auto;overflow:visible}\n"
	".fade .base{stroke:var(--line)}\n"
	".fade .floor{stroke:var(--weak);stroke-dasharray:2 3}\n"
	".fade polyline{fill:none;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}\n"
	".fade .live{stroke:var(--accent)}\n"
	".fade .under{fill:var(--wash)}\n"
	".fade .gone{stroke:var(--weak);stroke-width:1.25}\n"
	".fade circle{fill:var(--paper);stroke:var(--accent);stroke-width:1.75}\n"
	".fading figcaption{margin-top:.25rem;font-size:.8125rem}\n"

	/* What opens. */
	"summary{display:inline-block;padding:.125rem 0;color:var(--accent);font-size:.875rem;"
	"cursor:pointer;list-style:none}\n"
	"summary::-webkit-details-marker{display:none}\n"
	"summary::after{content:\"\";display:inline-block;width:.375rem;height:.375rem;"
	"margin:0 0 .1875rem .5rem;border:solid currentColor;border-width:0 1.5px 1.5px 0;"
	"transform:rotate(45deg)}\n"
	"details[open] summary::after{margin-bottom:0;transform:rotate(-135deg)}\n"
	"summary:hover{text-decoration:underline}\n"
	"summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}\n"
	".origins,.parts{margin:.5rem 0}\n"
	".origins li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 1rem;"
	"padding:.375rem 0;font-size:.875rem;line-height:1.4}\n"
	".origins li>:nth-child(2){grid-column:1;grid-row:2}\n"
	".origins time{color:var(--soft);font-variant-numeric:tabular-nums}\n"
	"q{quotes:\"\\201c\" \"\\201d\"}\n"
	".parts li,.others li,.counts li{display:grid;grid-template-columns:minmax(0,1fr) 12rem 3.5rem;"
	"gap:0 1rem;align-items:center;padding:.1875rem 0}\n"
	".parts li{font-size:.875rem}\n"
	".parts .name{font-weight:400}\n"
	".others .name{font-weight:400}\n"
	".counts .name{font-weight:400}\n"
	".others li,.counts li{padding:.3125rem 0;break-inside:avoid}\n"

	/* Tables. */
	"table{width:100%;border-collapse:collapse}\n"
	"th,td{padding:.625rem 1.25rem .625rem 0;border-bottom:1px solid var(--line);"
	"text-align:left;vertical-align:baseline}\n"
	"th:last-child,td:last-child{padding-right:0}\n"
	"tr{break-inside:avoid}\n"
	"tbody tr:last-child>*{border-bottom:0}\n"
	"thead th{padding-top:0;color:var(--soft);font-size:.875rem;font-weight:400;white-space:nowrap}\n"
	"tbody th{min-width:12rem;font-weight:600}\n"
	"th.n,td.n{text-align:right}\n"
	"td .note{white-space:nowrap}\n"
	"td strong{font-weight:600;white-space:nowrap}\n"
	"time{white-space:nowrap}\n"

	/* The week, and the hours of a day. */
	".cells{display:grid;grid-template-columns:2.5rem repeat(24,minmax(0,1fr)) 3rem;gap:3px;"
	"align-items:center;font-size:.8125rem;line-height:1}\n"
	".cells .day,.cells b,.scale b{color:var(--soft);font-weight:400}\n"
	".cells .sum{color:var(--soft);text-align:right;font-variant-numeric:tabular-nums}\n"
	".cells i{aspect-ratio:1;border-radius:3px;background:var(--track)}\n"
	".cells .s1{background:var(--s1)}.cells .s2{background:var(--s2)}"
	".cells .s3{background:var(--s3)}.cells .s4{background:var(--s4)}"
	".cells .s5{background:var(--s5)}\n"
	".cells b{grid-row:8;padding-top:.25rem;white-space:nowrap}\n"
	".cells .h0{grid-column:2/span 3}.cells .h6{grid-column:8/span 3}"
	".cells .h12{grid-column:14/span 3}.cells .h18{grid-column:20/span 3}\n"
	".week figcaption,.hours figcaption{margin-top:.75rem}\n"
	".hours svg{display:block;width:100%;height:auto}\n"
	".hours rect{fill:var(--accent)}\n"
	".scale{display:grid;grid-template-columns:repeat(4,1fr);font-size:.8125rem}\n"
	".scale b{padding-left:.25rem}\n"

	/* Traits, choices. */
	".traits{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:1.5rem 2.5rem}\n"
	".traits dt{color:var(--soft);font-size:.875rem}\n"
	".traits .name{margin:.125rem 0 .375rem;font-size:1.1875rem;line-height:1.3}\n"
	".choices li{padding:.375rem 0}\n"
	"footer{margin-top:4rem;padding-top:1.5rem;border-top:1px solid var(--line);"
	"color:var(--soft);font-size:.875rem}\n"
	"footer p{max-width:44rem}\n"
	"footer p+p{margin-top:.5rem}\n"

	/* Narrower, and narrow as a telephone: tables become cards. */
	"@media (max-width:64rem){section{grid-template-columns:minmax(0,1fr);gap:1.5rem}"
	".hint{max-width:40rem;margin-top:.25rem}}\n"
	"@media (max-width:40rem){body{padding:2rem 1.125rem 3rem}h1{font-size:2.125rem}"
	".lead{font-size:1.0625rem}.figures{display:grid;grid-template-columns:1fr 1fr;gap:1rem}"
	"section{margin-top:2.75rem}"
	".pref,.offer,.traits{grid-template-columns:minmax(0,1fr)}.pref{gap:.625rem}"
	".pref .what,.offer .what{display:contents}.pref details,.offer details{order:1}"
	".pref .note{margin-top:-.625rem}"
	".fading{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:1rem;align-items:center}"
	".fading figcaption{margin:0}"
	".parts li,.others li,.counts li{grid-template-columns:minmax(0,1fr) 3.5rem}"
	".parts .name,.others .name,.counts .name{grid-column:1/-1}"
	"table,thead,tbody,tr,th,td{display:block}"
	"thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
	"tbody tr{margin-top:.75rem;padding:.875rem 1rem;border:1px solid var(--line);"
	"border-radius:10px;background:var(--card)}"
	"tbody th,tbody td{min-width:0;padding:0;border:0}tbody th{padding-bottom:.375rem}"
	"tbody td:empty{display:none}"
	"tbody td,td.n{display:flex;flex-wrap:wrap;gap:0 .375rem;padding:.125rem 0;text-align:left}"
	"tbody td::before{content:attr(data-label);flex:0 0 6.5rem;color:var(--soft)}"
	".cells{grid-template-columns:2rem repeat(24,minmax(0,1fr)) 1.75rem;gap:1px;font-size:.75rem}"
	".cells i{border-radius:1.5px}}\n"

	/* Paper: always light, and open. */
	"@media print{:root{" LIGHT "--paper:#fff}body{padding:0;max-width:none;font-size:10.5pt}"
	"section{grid-template-columns:minmax(0,1fr);gap:1rem;margin-top:1.75rem}"
	".head{break-after:avoid}summary{display:none}"
	"details::details-content{content-visibility:visible;block-size:auto}"
	"h3{break-after:avoid}}\n";
