using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Proxyless.Cli.Commands;

namespace Proxyless.Cli;

/// <summary>The parser's own help, and after it the command's examples.</summary>
internal sealed class ExampleHelp(HelpAction help) : SynchronousCommandLineAction
{
    /// <summary>Help is wanted most where something required is missing.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is ReportingCommand command)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine(command.Examples.Count == 1 ? "Example:" : "Examples:");
            foreach (string example in command.Examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
        }

        return code;
    }
}
