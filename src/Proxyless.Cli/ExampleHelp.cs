using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Proxyless.Cli.Commands;

namespace Proxyless.Cli;

/// <summary>
/// The parser's own help, in the large commands with their options under headings, followed by the command's examples.
/// </summary>
internal sealed class ExampleHelp(HelpAction help) : SynchronousCommandLineAction
{
    /// <summary>Help must also work if a required option is missing.</summary>
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is not ReportingCommand command)
        {
            return help.Invoke(parseResult);
        }

        TextWriter output = parseResult.InvocationConfiguration.Output;
        int code;
        if (command.MainOptions.IsEmpty)
        {
            code = help.Invoke(parseResult);
        }
        else
        {
            using var text = new StringWriter();
            parseResult.InvocationConfiguration.Output = text;
            code = help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output = output;
            IEnumerable<Option> common = parseResult.RootCommandResult.Command.Options;
            output.Write(OptionSections.Arrange(text.ToString(), command, common));
        }

        output.WriteLine(command.Examples.Count == 1 ? "Example:" : "Examples:");
        foreach (string example in command.Examples)
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        return code;
    }
}
