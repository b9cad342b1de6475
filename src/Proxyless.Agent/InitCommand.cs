using System.CommandLine;
using System.Globalization;

namespace Proxyless.Agent;

/// <summary>Creates the files that an agent needs, once.</summary>
internal static class InitCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var folder = Options.Folder();
        var host = new Option<string>("--host")
        {
            HelpName = "HOST",
            Description = "Name or address by which clients reach this device",
            DefaultValueFactory = _ => Environment.MachineName,
        };
        var port = Options.Port(least: 1);
        var command = new Command(
            "init",
            "Create certificate, token, and the target's file for the machine that searches. Once, before 'serve'."
        )
        {
            folder,
            host,
            port,
        };
        command.SetAction(parse =>
        {
            var agent = new AgentFolder(parse.GetValue(folder)!);
            agent.Create(parse.GetValue(host)!, parse.GetValue(port));
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"made certificate and token in {parse.GetValue(folder)}")
            );
            Console.WriteLine(
                $"copy {agent.TargetFile} to the machine that searches, and keep it secret: it holds the token"
            );
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"next here:  proxyless-agent serve --folder {parse.GetValue(folder)} --port {parse.GetValue(port)}"
                )
            );
            Console.WriteLine("next there: proxyless target add --name device --file target.yaml");
            return 0;
        });
        return command;
    }
}
