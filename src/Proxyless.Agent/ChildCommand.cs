using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Proxyless.Agent;

/// <summary>
/// A process that 'serve' starts for one model: a request as its argument, the model behind its length on standard
/// input, the result on standard output. It ends with the standard input, which 'serve' holds open.
/// </summary>
internal static class ChildCommand
{
    /// <summary>Exit code if the model cannot be run.</summary>
    public const int BadModel = 3;

    /// <summary>The command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="json">The form of the request.</param>
    /// <param name="limitSeconds">
    /// Time after which the process ends itself, in case nobody is left to end it.
    /// </param>
    /// <param name="run">Receives the request and the bytes of the model.</param>
    public static Command Create<T>(
        string name,
        string description,
        JsonTypeInfo<T> json,
        Func<T, double> limitSeconds,
        Action<T, byte[]> run
    )
    {
        var argument = new Argument<string>("request");
        var command = new Command(name, description) { argument };
        command.Hidden = true;
        command.SetAction(parse =>
        {
            T request = Read(name, parse.GetValue(argument)!, json);
            using var limit = new Timer(
                _ => Environment.FailFast("the measurement took too long"),
                null,
                TimeSpan.FromSeconds(limitSeconds(request)),
                Timeout.InfiniteTimeSpan
            );
            byte[] content = Receive();
            try
            {
                run(request, content);
                return 0;
            }
            catch (Exception exception) when (ModelErrors.Includes(exception))
            {
                Console.Error.WriteLine($"ONNX Runtime cannot run the model: {exception.Message}");
                return BadModel;
            }
        });
        return command;
    }

    private static T Read<T>(string name, string request, JsonTypeInfo<T> json)
    {
        try
        {
            return JsonSerializer.Deserialize(request, json)!;
        }
        catch (JsonException exception)
        {
            throw new AgentException(
                $"'{name}' is for internal use by 'serve'; to time a model file, use 'proxyless-agent time MODEL.onnx'",
                exception
            );
        }
    }

    private static byte[] Receive()
    {
        Stream input = Console.OpenStandardInput();
        byte[] length = new byte[sizeof(long)];
        input.ReadExactly(length);
        long bytes = BitConverter.ToInt64(length);
        if (bytes <= 0 || bytes > Array.MaxLength)
        {
            throw new AgentException("the agent that is running is of another version than its files: start it again");
        }

        byte[] content = new byte[bytes];
        input.ReadExactly(content);
        new Thread(() => EndWith(input)) { IsBackground = true }.Start();
        return content;
    }

    /// <summary>Ends the process if the agent is killed, whose successor would measure beside it.</summary>
    private static void EndWith(Stream input)
    {
        // Nothing more is sent: it waits, without use of the processor, until the other end of the pipe is closed.
        input.ReadByte();
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}
