using Proxyless.Cli;
using Proxyless.Cli.Output;

Utf8Console.Use();
return CommandLine.Run(args, Console.Out, Console.Error);
