using System.CommandLine;
using System.Net.Sockets;
using System.Text;

namespace Proxyless.Agent;

/// <summary>The agent's command line.</summary>
internal static class Program
{
    // A measurement in progress is ended with its process, which takes a moment.
    private static readonly TimeSpan Shutdown = TimeSpan.FromSeconds(30);

    /// <summary>Runs one command.</summary>
    /// <returns>0 done, 1 failed, 2 bad usage, 130 interrupted.</returns>
    public static int Main(string[] arguments)
    {
        UseUtf8();
        var root = new RootCommand(
            "Measures models that Proxyless on another machine sends, on this device, with its ONNX Runtime."
        )
        {
            InitCommand.Create(),
            ServeCommand.Create(),
            TimeCommand.Create(),
            MeasureCommand.Create(),
            AnswerCommand.Create(),
        };
        ParseResult parse = root.Parse(arguments);
        try
        {
            int exitCode = parse.Invoke(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = Shutdown,
                }
            );
            return parse.Errors.Count > 0 ? 2 : exitCode;
        }
        catch (AgentException exception)
        {
            Console.Error.WriteLine($"error: {exception.Message}");
            return 2;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException)
        {
            // A port that is in use or not permitted, an address of another machine, a folder without permission, a
            // full disk.
            Console.Error.WriteLine($"error: {exception.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted");
            return 130;
        }
        // The last line of defense: for any error, the user gets a sentence and the shell a code.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Console.Error.WriteLine($"error: {exception.Message}");
            Console.Error.WriteLine($"this is a bug ({exception.GetType().Name})");
            return 1;
        }
    }

    private static void UseUtf8()
    {
        try
        {
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }
        catch (IOException)
        {
            // A Windows service has no console, and nobody reads its output.
        }
    }
}
