import { PALETTE, properties } from './charts/palette.ts';

const KEYS = Object.keys(PALETTE).map((name) => `.k-${name}{background:var(--${name})}`).join('');

/** The page's style sheet: system fonts, one column, two colour schemes, a phone, and two sheets of A4. */
export const STYLE = `
:root{color-scheme:light dark;${properties('light')}}
@media (prefers-color-scheme:dark){:root{${properties('dark')}}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:anywhere}
main{max-width:1000px;margin:0 auto;padding:40px 24px 72px}
a{color:var(--blue);text-underline-offset:2px}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
p,ul,dl,table,figure{margin:0 0 14px}
ul{padding-left:18px}
li{margin:2px 0}
code{font:0.88em ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.small{font-size:13px}
.muted{color:var(--muted)}
.bad{color:var(--bad)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.print-only{display:none}
h1,h2,h3{line-height:1.2;font-weight:600;text-wrap:balance}
h2{font-size:22px;letter-spacing:-.01em;margin:0 0 4px}
h3{font-size:15px;margin:24px 0 8px}
section{margin-top:56px;padding-top:24px;border-top:1px solid var(--rule)}
.lead{color:var(--muted);margin-bottom:20px;max-width:75ch}
.kicker{color:var(--muted);font-size:13px;margin-bottom:20px}
.decision{font-size:52px;letter-spacing:-.025em;margin:0 0 12px}
.decision.pass,.tile.pass .figure,.gates .pass .mark,.drills .pass .mark{color:var(--good)}
.decision.fail,.tile.fail .figure,.gates .fail .mark,.gates .fail .value,.drills .fail .mark{color:var(--bad)}
.decision.inconclusive,.tile.inconclusive .figure,.gates .inconclusive .mark,.gates .no-data .mark,.gates .error .mark,.drills .inconclusive .mark{color:var(--open)}
.why{font-size:21px;line-height:1.4;max-width:48em;margin-bottom:16px;text-wrap:pretty}
.overridden{border-left:4px solid var(--open);padding:6px 12px;max-width:75ch}
.overridden::first-letter{text-transform:uppercase}
.runnotes{margin-top:-6px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(145px,1fr));gap:1px;margin:28px 0 0;background:var(--rule);border:1px solid var(--rule);border-radius:8px;overflow:hidden}
.tile{background:var(--paper);padding:14px 16px}
.tile dt{font-size:13px;color:var(--muted)}
.tile dd{margin:0;line-height:1.35}
.tile .figure{display:block;font-size:23px;white-space:nowrap;font-weight:600;letter-spacing:-.01em;font-variant-numeric:tabular-nums;margin:2px 0}
.tile .figure small{font-size:14px;font-weight:500}
.tile.none .figure{color:var(--muted);font-size:19px;line-height:33px}
nav{margin-top:24px;font-size:13px;display:flex;flex-wrap:wrap;gap:4px 18px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:0 0 6px}
.waterfall caption .muted{font-weight:400;margin-left:8px}
th,td{text-align:left;vertical-align:top;padding:5px 10px 5px 0;border-top:1px solid var(--rule);font-weight:400}
thead th{border-top:0;font-size:12.5px;color:var(--muted);vertical-align:bottom}
th:last-child,td:last-child{padding-right:0}
.num{text-align:right;white-space:nowrap}
.stat{color:var(--muted);font-size:13px}
.scroll{overflow-x:auto;overflow-wrap:normal;margin-bottom:18px}
.scroll th,.scroll td{padding-right:22px}
.scroll table{margin:0;font-size:13px;width:auto;min-width:min(100%,420px)}
.scroll td,.scroll thead th{white-space:nowrap}
.scroll td:last-child{white-space:normal;min-width:14em}
.scroll th[scope=row]{overflow-wrap:break-word;min-width:9em}
.gates{margin-top:20px;font-size:14px;table-layout:fixed}
.gates th:nth-child(1){width:26px}.gates th:nth-child(3){width:108px}.gates th:nth-child(4){width:126px}.gates th:nth-child(6){width:108px}.gates th:nth-child(7){width:64px}
.gates .mark,.drills .mark{width:22px;font-weight:700;text-align:center;padding-right:6px}
.gates .value{font-weight:600}
.gates .interval{color:var(--muted);white-space:nowrap;font-size:13px}
.gates .limit{white-space:nowrap}
.gates thead .draw{width:204px}
.gates .draw svg{display:block;width:190px;height:18px;margin-top:2px}
.drills{font-size:14px}
.users span{white-space:nowrap;display:block}
.notes td{border-top:0;padding-top:0;font-size:13px;color:var(--muted)}
.notes p,.notes ul{margin:0 0 4px}
.notes strong{color:var(--ink)}
figure figcaption{font-size:13px;margin-bottom:2px;line-height:1.7}
figure svg,.waterfall .draw svg{display:block;width:100%;height:auto}
.panels figure{margin:0 0 10px}
.divide{border-top:1px dashed var(--rule);padding-top:14px;margin-top:16px}
.key{display:inline-block;margin-left:12px;color:var(--muted)}
.key i{display:inline-block;width:12px;height:3px;border-radius:2px;margin-right:5px;vertical-align:middle}
.narrow{display:none}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:20px 28px}
.grid figure{margin:0;min-width:0}
.capacity{max-width:560px}
.waterfall{font-size:14px;margin-bottom:28px;table-layout:fixed}
.waterfall .draw{width:33%}
.waterfall thead th:nth-child(1){width:17%}.waterfall thead th:nth-child(3),.waterfall thead th:nth-child(4){width:84px}.waterfall thead th:nth-child(5){width:74px}
.waterfall .num{white-space:normal}.waterfall .parts{padding-left:14px}
.terms{display:grid;grid-template-columns:minmax(160px,280px) 1fr;gap:6px 20px;font-size:14px}
.terms div{display:contents}
.terms dt{color:var(--muted)}
.terms dd{margin:0}
.absent{color:var(--muted);border-left:3px solid var(--rule);padding:2px 0 2px 12px;font-size:14px}
.absent strong{color:var(--ink)}
.absent ul{margin:0}
details{margin:0 0 14px}
summary{cursor:pointer;color:var(--blue);font-size:14px;padding:2px 0}
details[open]>summary{margin-bottom:8px}
.failures{list-style:none;padding:0}
.failures li{display:flex;gap:18px;border-top:1px solid var(--rule);padding:12px 0}
.failures li>div{min-width:0}
.failures img{width:200px;height:auto;border:1px solid var(--rule);border-radius:4px;display:block}
.failures p{margin:0 0 3px}
.message{color:var(--muted);max-height:7.5em;overflow:hidden}
footer{margin-top:56px;color:var(--muted);font-size:13px}
${KEYS}
@media (max-width:640px){
main{padding:24px 16px 48px}
.decision{font-size:40px}.why{font-size:18px}
section{margin-top:40px}
.tiles{grid-template-columns:1fr 1fr}
.wide{display:none}.narrow{display:block}
.gates thead,.waterfall thead,.drills thead{display:none}
.gates,.waterfall,.drills,.gates tbody,.waterfall tbody,.drills tbody{display:block}
.gates caption,.waterfall caption,.drills caption{display:block}
.gates tr,.waterfall tr,.drills tr{display:flex;flex-wrap:wrap;align-items:baseline;column-gap:10px;border-top:1px solid var(--rule);padding:6px 0}
.gates th,.gates td,.waterfall th,.waterfall td,.drills th,.drills td{border:0;padding:0}
.gates td:empty,.drills td:empty{display:none}
.gates th[scope=row],.drills th[scope=row]{flex:1 1 calc(100% - 40px)}
.gates .notes,.drills .notes{border-top:0;padding-top:0}
.gates .draw,.waterfall .draw{flex:1 1 100%;width:100%}
.gates .draw{order:2}
.gates .draw svg{width:100%;height:auto;max-width:300px}
.gates td.num:last-child::before{content:"n ";color:var(--muted)}
.waterfall th[scope=row]{flex:1 1 100%}
.waterfall td.num:nth-of-type(2)::before{content:"p50 ";color:var(--muted)}
.waterfall td.num:nth-of-type(3)::before{content:"p95 ";color:var(--muted)}
.waterfall td.num:nth-of-type(4)::before{content:"n ";color:var(--muted)}
.drills td.num:nth-of-type(2)::before{content:"opens ";color:var(--muted)}
.drills td.num:nth-of-type(3)::before{content:"closes ";color:var(--muted)}
.drills td.num:nth-of-type(4)::before{content:"latency back ";color:var(--muted)}
.drills td.num:last-child::before{content:"payments astray ";color:var(--muted)}
.terms{grid-template-columns:1fr;gap:0}.terms dd{margin-bottom:8px}
.failures li{flex-direction:column;gap:8px}
}
`;

/** On paper: a sheet with the decision and its gates, a sheet with the run over time and a line on everything else. */
export const PRINT_STYLE = `
@page{size:A4;margin:10mm 12mm}
@media print{
:root{color-scheme:light;${properties('light')}}
html{font-size:9.5pt;line-height:1.35;background:none}
main{max-width:none;padding:0}
.no-print,nav,details,footer{display:none!important}
.print-only{display:block}
dl.print-only{display:grid;grid-template-columns:44mm 1fr;gap:1.2mm 4mm;font-size:8pt}
dl.print-only div{display:contents}
dl.print-only dt{font-weight:600}
dl.print-only dd{margin:0;max-height:2.7em;overflow:hidden}
.sheet{height:276mm;overflow:hidden;break-after:page;break-inside:avoid}
.sheet:last-of-type{break-after:auto}
.sheet a{color:inherit;text-decoration:none}
section{margin-top:5mm;padding-top:3mm}
.sheet section:first-child{margin-top:0;border:0;padding-top:0}
h2{font-size:13pt}.lead{margin-bottom:2mm;font-size:9pt}
.kicker{margin-bottom:2mm;font-size:8pt}
.decision{font-size:26pt;margin-bottom:1mm}.why{font-size:12pt;margin-bottom:2mm;max-height:5.6em;overflow:hidden}
header p,.runnotes{font-size:8pt;margin-bottom:1.5mm}
header .why{font-size:12pt}
.overridden{max-height:4em;overflow:hidden}
.runnotes{max-height:5.4em;overflow:hidden}
.tiles{margin-top:3mm;grid-template-columns:repeat(6,1fr)}
.tile{padding:2mm}.tile dt,.tile .small{font-size:7pt}.tile .figure{font-size:11.5pt}.tile .figure small{font-size:8pt}.tile.none .figure{font-size:10pt;line-height:1.4}
.gates{font-size:7.8pt;margin:2mm 0 3mm;line-height:1.25}
.gates caption{padding-bottom:.5mm}
.gates thead th{font-size:7pt;padding-top:0}
.gates th,.gates td{padding-top:.45mm;padding-bottom:.45mm}
.gates th[scope=row]{overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
.gates th:nth-child(1){width:5mm}.gates th:nth-child(3){width:21mm}.gates th:nth-child(4){width:25mm}.gates thead .draw{width:43mm}.gates th:nth-child(6){width:24mm}.gates th:nth-child(7){width:12mm}
.gates .interval,.gates .stat,.notes td{font-size:7.2pt}
.gates .draw svg{width:40mm;height:3.6mm;margin:0}
.notes td{padding-bottom:.6mm}.notes p{margin:0;max-height:1.3em;overflow:hidden}.notes ul{display:none}
.panels figure{margin:0 0 1mm;break-inside:avoid}
figure figcaption{font-size:7.5pt;line-height:1.35;margin:0}
.key i{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.divide{margin:1.5mm 0 1mm;padding-top:1.5mm;font-size:9pt}
.wide{display:block}.narrow{display:none}
.absent{font-size:7.5pt;margin-bottom:2mm;max-height:3.9em;overflow:hidden}
.absent ul,.absent li{display:inline;padding:0}
.absent li:not(:last-child)::after{content:"; "}
}
`;
